DROP INDEX changes_outcome;
