import prepare from '@mongodb-js/saslprep';

/**
 * SASLprep (RFC 4013) of a user name or password. Unassigned code points are allowed, as for every
 * string that is compared with a stored one (RFC 4013 section 2.5, RFC 5802 section 5.1).
 * @returns undefined where the text holds what SASLprep forbids, or is empty afterwards
 */
export const saslprep = (text: string): string | undefined => {
  try {
    return prepare(text, { allowUnassigned: true }) || undefined;
  } catch {
    // The message of the library may quote the password's characters.
    return undefined;
  }
};
