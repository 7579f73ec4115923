/** The local day of a time, as a date field writes it: `2027-05-03`. */
export const dayInput = (at: number): string => {
  const date = new Date(at);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${String(date.getFullYear()).padStart(4, '0')}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
};

/** When a local day begins, in milliseconds since 1970; undefined for what is no day, or was before 1970. */
export const startOfDay = (input: string): number | undefined => {
  const [, year, month, day] = (/^(\d{4})-(\d{2})-(\d{2})$/.exec(input) ?? []).map(Number);
  if (year === undefined || month === undefined || day === undefined) return undefined;
  const date = new Date(year, month - 1, day);
  const isReal = date.getMonth() === month - 1 && date.getDate() === day;
  return isReal && date.getTime() > 0 ? date.getTime() : undefined;
};
