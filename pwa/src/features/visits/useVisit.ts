// One visit being written: wires the draft on the disk, the form engine and the screens together.
// A new value is on the screen at once; the engine looks at it after the next paint, or when typing pauses; it is
// on the disk within a second.

import { type ComputedRef, type ShallowRef, computed, onScopeDispose, reactive, shallowRef, watch } from "vue";
import { useI18n } from "vue-i18n";
import type { Store } from "@/db/database";
import { discardDraft } from "@/db/drafts";
import { storageCode } from "@/db/quota";
import { shanghaiDay } from "@/db/time";
import {
  type Evaluation,
  type Figures,
  type Form,
  type Json,
  type Language,
  type Meta,
  type Problem,
  type ShownSection,
  evaluateDraft,
  fieldAt,
  idNoFacts,
  meansTheSame,
  normalise,
  sameValue,
  valueAt,
} from "@/forms";
import { doorTimes, submitDraft } from "@/sync/submit";
import { useToday } from "@/ui/useToday";
import type { Pace, Questions } from "./context";
import * as edit from "./logic/draft";
import type { VisitDraft } from "./logic/draft";
import * as flow from "./logic/flow";
import { type Target, fieldId, targetOf } from "./logic/jump";
import { type SectionIndex, indexOf, layoutOf, ownedBy } from "./logic/layout";
import { type Blockers, type Settled, blockersOf, contentOf, settle } from "./logic/outcome";
import { nowOutside } from "./logic/regions";
import { type Speaker, type Vocabulary, pathLabel, valueText } from "./logic/words";
import type { OpenedDraft } from "./openVisit";
import { type Saving, type StorageCode, useSaving } from "./useSaving";

const TYPING_PAUSE_MS = 250;
const NOTHING: readonly never[] = [];

/** `gone`, `lost`: sent or discarded meanwhile, or another window went on with it; a code: the phone cannot write. */
export type Finished = "sent" | "blocked" | "gone" | "lost" | StorageCode;

export interface Visit extends Questions {
  readonly form: Form;
  readonly draft: Readonly<ShallowRef<VisitDraft>>;
  readonly opened: OpenedDraft;
  readonly layout: ComputedRef<readonly ShownSection[]>;
  readonly index: ComputedRef<readonly SectionIndex[]>;
  readonly states: ComputedRef<readonly flow.SectionState[]>;
  readonly figures: ComputedRef<Figures>;
  readonly speaker: ComputedRef<Speaker>;
  readonly saving: Saving;
  readonly screen: ComputedRef<string>;
  readonly shortWay: ComputedRef<flow.ShortWay | null>;
  /** The card that is open for editing: `persons/<uuid>`. */
  readonly openRow: Readonly<ShallowRef<string | null>>;
  /** The visit as it would be sent; only while the check screen shows. */
  readonly settled: ComputedRef<Settled | null>;
  readonly blockers: ComputedRef<Blockers>;
  go(screen: string): void;
  next(): void;
  previous(): void;
  takeShortWay(): void;
  jump(path: string): void;
  answer(section: string, answer: "unchanged" | "changed"): void;
  edit(change: (draft: VisitDraft) => VisitDraft): void;
  editRow(row: string | null): void;
  explain(problem: Problem, reason: string): void;
  newId(): string;
  finish(): Promise<Finished>;
  /** Answers why the draft could not be deleted, `null` when it was. */
  discard(): Promise<StorageCode | null>;
}

export function useVisit(store: Store, opened: OpenedDraft, places: ReadonlySet<string>): Visit {
  const { t, locale } = useI18n();
  const { definitions, form, review } = opened;
  const { platform } = store;
  const language = computed<Language>(() => (locale.value.startsWith("zh") ? "zh" : "en"));
  const draft = shallowRef<VisitDraft>(opened.draft);
  const isRevisit = computed(() => draft.value.base_rev > 0);
  const saver = useSaving(store);
  onScopeDispose(() => {
    stopThinking();
  });

  // ---- the engine ----
  const CHECK = edit.CHECK_SCREEN;
  const screen = computed(() => draft.value.section ?? form.sections[0]?.key ?? CHECK);
  /** The day and the times as the server will work them out from the proposal; looked at anew each time. */
  function meta(ended: boolean): Meta {
    const times = doorTimes(draft.value, { nowMs: platform.nowMs(), clockOffsetMs: opened.clockOffsetMs });
    return {
      today: shanghaiDay(Date.parse(times.ended_at) - times.clock_offset_ms),
      started_at: draft.value.started_at,
      ended_at: ended ? times.ended_at : null,
    };
  }
  const { today: turned } = useToday(() => meta(false).today);
  const evaluate = (): Evaluation =>
    evaluateDraft(definitions, form, draft.value.base, draft.value.answers, meta(screen.value === CHECK));
  const evaluation = shallowRef<Evaluation>(evaluate());
  let cancelThinking: (() => void) | null = null;
  function stopThinking(): void {
    cancelThinking?.();
    cancelThinking = null;
  }
  function think(): void {
    stopThinking();
    evaluation.value = evaluate();
  }
  watch(turned, think);
  function thinkSoon(pace: Pace): void {
    stopThinking();
    if (pace === "typing") {
      cancelThinking = platform.timer(TYPING_PAUSE_MS, think);
      return;
    }
    // The tick is painted first; what it shows or hides follows with the next frame.
    let cancelTimer = (): void => undefined;
    const frame = requestAnimationFrame(() => {
      cancelTimer = platform.timer(0, think);
    });
    // A page in the background has no frames.
    const cancelFallback = platform.timer(TYPING_PAUSE_MS, think);
    cancelThinking = () => {
      cancelAnimationFrame(frame);
      cancelTimer();
      cancelFallback();
    };
  }

  function change(next: VisitDraft, pace: Pace): void {
    draft.value = next;
    saver.change(next);
    thinkSoon(pace);
  }

  // ---- what is said where ----
  const layout = computed(() => layoutOf(evaluation.value.sections, places));
  /** What is not asked any more is left out when the visit is sent, so it is no problem here. */
  const problems = computed(() => evaluation.value.problems.filter(({ code }) => code !== "value.not_asked"));
  const left = reactive(new Set<string>());
  const seen = reactive(new Set<string>());
  const start = layout.value.findIndex(({ section }) => section.key === screen.value);
  layout.value.slice(0, start < 0 ? (screen.value === CHECK ? undefined : 0) : start).forEach(({ section }) => seen.add(section.key));
  const index = computed(() => layout.value.map(indexOf));
  /** What may be said now, by path: of sections that were left everything, elsewhere what is wrong with an answer. */
  const said = computed(() => {
    const tried = index.value.filter(({ view }) => seen.has(view.section.key));
    const byPath = new Map<string, Problem[]>();
    for (const problem of refusals.value) byPath.set(problem.path, [...(byPath.get(problem.path) ?? []), problem]);
    for (const problem of problems.value) {
      const { code, path } = problem;
      const isSaid = (left.has(path) && code !== "value.required") || tried.some((one) => flow.belongsTo(one, path));
      const there = byPath.get(path) ?? [];
      if (isSaid && !there.some((one) => one.code === code)) byPath.set(path, [...there, problem]);
    }
    return byPath;
  });
  /** What the server found, as long as the answer is the one that it found it in. */
  const refusals = computed<Problem[]>(() => {
    const { errors = [], answers } = opened.refused ?? {};
    const isThere = (path: string): boolean => answers !== undefined && sameValue(valueOf(path), valueAt(answers, path));
    return errors
      .filter(({ path }) => isThere(path))
      .map(({ code, path, params }) => ({ code, path, severity: "E", params: (params ?? {}) as Record<string, Json> }));
  });
  // Read one by one, so that a key typed into an answer does not count everything again.
  const unchanged = computed(() => draft.value.unchanged);
  const openedSections = computed(() => draft.value.opened ?? NOTHING);
  const later = computed(() => draft.value.answers.later);
  const states = computed(() =>
    flow.sectionStates(
      index.value,
      { unchanged: unchanged.value, opened: openedSections.value, later: later.value },
      problems.value,
      seen,
      isRevisit.value,
    ),
  );

  const vocabulary = computed<Vocabulary>(() => ({
    none: t("ui.notRecorded"),
    located: t("visits.geo.located"),
    temporary: t("visits.region.temporary"),
  }));
  const speaker = computed<Speaker>(() => ({
    definitions,
    language: language.value,
    vocabulary: vocabulary.value,
    file: draft.value.answers.file,
  }));

  // ---- answers ----
  const valueOf = (path: string): Json => valueAt(draft.value.answers, path);
  const fieldOf = (path: string) => fieldAt(definitions.dictionary, path);

  const baseOf = (path: string): Json =>
    path.startsWith("visit/") ? null : valueAt({ file: draft.value.base ?? {}, visit: {} }, path);

  function set(path: string, value: Json, pace: Pace): void {
    let next = edit.setValue(draft.value, path, value);
    for (const below of nowOutside(path, value, valueOf)) next = edit.setValue(next, below, null);
    next = withIdFacts(next, path, value);
    change(next, pace);
  }
  /** A valid ID number tells sex and birthday; they are filled in where nothing stands yet. */
  function withIdFacts(next: VisitDraft, path: string, value: Json): VisitDraft {
    if (!path.endsWith("/id_no")) return next;
    const facts = idNoFacts(normalise(fieldOf(path), value));
    if (!facts) return next;
    const row = path.slice(0, -"id_no".length);
    let filled = next;
    for (const [key, fact] of Object.entries(facts)) {
      if (valueAt(filled.answers, row + key) === null) filled = edit.setValue(filled, row + key, fact as string);
    }
    return filled;
  }

  // ---- from screen to screen ----
  const openRow = shallowRef<string | null>(null);
  function go(to: string, path: string | null = null, row: string | null = null): void {
    if (cancelThinking) think();
    seen.add(screen.value);
    if (to === CHECK) layout.value.forEach(({ section }) => seen.add(section.key));
    openRow.value = row;
    const next = { ...draft.value, section: to, focus: path };
    draft.value = next;
    saver.change(next);
    void saver.flush();
    if (to === CHECK) think();
  }
  function focusOn(path: string): void {
    requestAnimationFrame(() => {
      const element = document.getElementById(fieldId(path));
      element?.closest(".question, .rows, section")?.scrollIntoView({ block: "center" });
      element?.focus({ preventScroll: true });
    });
  }
  function follow(target: Target): void {
    if (target.screen === CHECK) return;
    const view = layout.value.find(({ section }) => section.key === target.screen);
    if (view && flow.asksUnchanged(view, isRevisit.value) && !(draft.value.opened ?? []).includes(target.screen)) {
      draft.value = edit.answerSection(draft.value, target.screen, "changed");
    }
    go(target.screen, target.path, target.row);
    focusOn(target.path);
  }

  const shortWay = computed(() => flow.shortWay(layout.value, screen.value, draft.value, isRevisit.value));
  function answerUnchanged(from: VisitDraft, key: string): VisitDraft {
    const view = layout.value.find(({ section }) => section.key === key);
    if (!view) return from;
    const { paths, tables } = ownedBy(view, layout.value, [from.base, from.answers.file]);
    let next = edit.restore(from, paths, tables);
    // Nothing was there and nothing has changed: there is nothing to enter. Where something is, the tick goes.
    for (const one of view.items) {
      if (one.is !== "rows" || one.item.none === undefined) continue;
      next = edit.setValue(next, one.item.none, valueAt(next.answers, one.item.rows) === null ? true : null);
    }
    return edit.answerSection(next, key, "unchanged");
  }

  const laterReason = computed(() => t("visits.later.reason"));
  const settled = computed(() => {
    // `evaluation` is read so that this follows the engine and not every key.
    return screen.value === CHECK && evaluation.value ? settle(definitions, form, draft.value, meta(true)) : null;
  });
  const blockers = computed(() => blockersOf(draft.value, settled.value?.evaluation.problems ?? [], laterReason.value));

  async function finish(): Promise<Finished> {
    think();
    const now = settle(definitions, form, draft.value, meta(true));
    const blocked = blockersOf(draft.value, now.evaluation.problems, laterReason.value);
    if (blocked.errors.length + blocked.unexplained.length + flow.undecided(states.value).length > 0) return "blocked";
    saver.change(draft.value);
    await saver.flush();
    if (saver.isLost.value) return "lost";
    if (saver.state.value === "failed") return saver.failure.value;
    try {
      const done = await submitDraft(store, draft.value.id, (stored: VisitDraft) =>
        contentOf(form, stored, settle(definitions, form, stored, meta(true)), laterReason.value),
      );
      saver.stop();
      return done.is === "submitted" ? "sent" : "gone";
    } catch (error) {
      return storageCode(error);
    }
  }

  if (draft.value.focus !== null) {
    const target = targetOf(layout.value, draft.value.focus);
    if (target.screen === screen.value) {
      openRow.value = target.row;
      focusOn(target.path);
    }
  }

  return {
    opened,
    definitions,
    form,
    language,
    draft,
    isRevisit,
    today: computed(() => turned.value ?? meta(false).today),
    layout,
    index,
    states,
    figures: computed(() => evaluation.value.derived),
    speaker,
    saving: saver,
    screen,
    shortWay,
    openRow,
    settled,
    blockers,
    clear: opened.clear,
    fieldOf,
    valueOf,
    baseOf,
    isChanged: (path) =>
      isRevisit.value && baseOf(path) !== null && !meansTheSame(fieldOf(path), valueOf(path), baseOf(path)),
    set,
    leave: (path) => {
      left.add(path);
      if (cancelThinking) think();
    },
    visit: (path) => {
      if (draft.value.focus === path) return;
      draft.value = { ...draft.value, focus: path };
      saver.change(draft.value);
    },
    putOff: (path, off) => {
      change(edit.putOff(draft.value, path, off), "tap");
    },
    problemsAt: (path) => said.value.get(path) ?? NOTHING,
    returnedAt: (path) => (review?.reasons ?? []).filter((reason) => reason.path === path),
    label: (path) => pathLabel(speaker.value, path),
    text: (path, value) => valueText(speaker.value, fieldOf(path), value),
    go: (to) => {
      go(to);
    },
    next: () => {
      if (cancelThinking) think();
      go(flow.step(layout.value, screen.value, 1));
    },
    previous: () => {
      if (cancelThinking) think();
      go(flow.step(layout.value, screen.value, -1));
    },
    takeShortWay: () => {
      const way = shortWay.value;
      if (!way) return;
      change(way.unchanged.reduce(answerUnchanged, draft.value), "tap");
      think();
      go(way.to);
    },
    jump: (path) => {
      follow(targetOf(layout.value, path));
    },
    answer: (section, answer) => {
      const next = answer === "unchanged" ? answerUnchanged(draft.value, section) : edit.answerSection(draft.value, section, "changed");
      change(next, "tap");
      think();
    },
    edit: (by) => {
      change(by(draft.value), "tap");
      think();
    },
    editRow: (row) => {
      openRow.value = row;
      const next = { ...draft.value, focus: row };
      draft.value = next;
      saver.change(next);
    },
    explain: ({ code, path }, reason) => {
      draft.value = edit.giveReason(draft.value, code, path, reason);
      saver.change(draft.value);
    },
    newId: () => platform.newId(),
    finish,
    discard: async () => {
      try {
        await discardDraft(store, draft.value.id);
        saver.stop();
        return null;
      } catch (error) {
        return storageCode(error);
      }
    },
  };
}
