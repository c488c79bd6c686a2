// Names for the wire's types; all of them come from the generated schema.
import type { components } from "@/api/schema.gen";

type Schemas = components["schemas"];

export type UserView = Schemas["UserView"];
export type Operation = Schemas["Operation"];
export type Manifest = Schemas["Manifest"];
export type PushRequest = Schemas["PushRequest"];
export type PushAnswer = Schemas["PushView"];
export type PullAnswer = Schemas["PullView"];
export type Receipt = Schemas["Receipt"];
export type HouseholdBody = Schemas["HouseholdBody"];
export type VisitBody = Schemas["VisitBody"];
export type VisitState = VisitBody["state"];
export type ConflictBody = Schemas["ConflictBody"];
export type ConflictChoice = Schemas["ChoiceCode"];
export type DecideConflictBody = Schemas["DecideConflictBody"];
export type Review = Schemas["ReviewView"];
export type Proposal = Schemas["Proposal"];
export type FileChange = Schemas["ProposedChange"];
export type ExplainedWarning = Proposal["warnings"][number];
export type Definitions = Schemas["DefinitionsView"];
export type Regions = Schemas["RegionsView"];
export type Region = Regions["regions"][number];
export type FieldError = NonNullable<Receipt["errors"]>[number];
