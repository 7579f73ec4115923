/** Values that others put into attributes and texts: bounded, or undefined. */

/** RFC 6120 gives ids no bound, and they become database keys. */
const MAX_ID_LENGTH = 1024;

/** An id as somebody else chose it, or undefined where it is missing, empty or unreasonably long. */
export const usableId = (id: string | undefined, maxLength = MAX_ID_LENGTH): string | undefined =>
  id === undefined || id === '' || id.length > maxLength ? undefined : id;

/** xs:boolean (XML Schema part 2, section 3.2.2); undefined where the text is none. */
export const parseBoolean = (text: string | undefined): boolean | undefined => {
  const value = text?.trim();
  if (value === 'true' || value === '1') return true;
  return value === 'false' || value === '0' ? false : undefined;
};

/** The greatest xs:unsignedInt. */
export const MAX_UNSIGNED = 4_294_967_295;

/** xs:unsignedInt (XML Schema part 2, section 3.3.22); undefined where the text is none. */
export const parseUnsigned = (text: string | undefined): number | undefined => {
  const value = Number(/^\+?(\d{1,10})$/.exec(text?.trim() ?? '')?.[1]);
  // Without digits it is NaN, which is less than nothing.
  return value <= MAX_UNSIGNED ? value : undefined;
};
