const SCRIPT_CHANGE = /(?<=\p{Script=Han})\0(?=[\p{Script=Latin}\d])|(?<=[\p{Script=Latin}\d])\0(?=\p{Script=Han})/gu;

/** 中文与西文、数字之间空一格，标点旁不空：名称由用户填写，可能是中文，也可能是西文。 */
export const spaced = (parts: TemplateStringsArray, ...values: (string | number)[]): string =>
  String.raw({ raw: parts.raw.map((part) => `\0${part}\0`) }, ...values)
    .replace(SCRIPT_CHANGE, " ")
    .replaceAll("\0", "");
