// Some answer to any field, for whoever has to say something because a form asks.

/** As much of the dictionary's field as an answer depends on. */
export interface Asked {
  readonly type: string;
  readonly codes?: string | undefined;
  readonly min?: number | undefined;
}

/** The first code of a table, nothing, or a sample: a value of the field's type. */
export function someAnswer(field: Asked | undefined, tables: Readonly<Record<string, readonly { readonly code: string }[]>>) {
  const code = tables[field?.codes ?? ""]?.[0]?.code ?? "";
  switch (field?.type) {
    case "code": return code;
    case "set": return [code];
    case "bool": return false;
    case "int": case "decimal": case "money": return field.min ?? 0;
    case "year": return 2020;
    case "date": return "2020-01-01";
    case "month": return "2020-01";
    case "region": return "150602";
    default: return "示例内容";
  }
}
