import { createHmac } from 'node:crypto';

/**
 * What may never be written to a log, applied to every line in the sink:
 * addresses become a tag that is stable within one run, long runs of key-like characters, tokens in
 * URLs and home folders go.
 */
export const redact = (line: string, salt: string): string =>
  line
    .replace(/[^\s"'<>=()[\]@/]{1,256}@[\p{L}\p{N}.-]{1,256}(?:\/[^\s"'<>()]*)?/gu, (jid) => `jid:${tag(jid, salt)}`)
    .replace(/(https?:\/\/[^\s/?#]+)[^\s]*/g, '$1/…')
    .replace(/[A-Za-z0-9+/_-]{32,}={0,2}/g, '[…]')
    .replace(/(?:\/home\/|\/Users\/|\\Users\\)[^\s/\\]+/g, '~');

const tag = (jid: string, salt: string): string => {
  const bare = jid.split('/')[0] ?? jid;
  return createHmac('sha256', salt).update(bare.toLowerCase()).digest('hex').slice(0, 8);
};
