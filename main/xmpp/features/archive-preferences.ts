/** XEP-0441: Message Archive Management Preferences, version 0.2.0 — https://xmpp.org/extensions/xep-0441.html */
import { formatJid, parseJid } from '#shared/jid.ts';
import { child, childrenOf, xml, type Element } from '../stanza.ts';
import { MAM } from './forwarding.ts';

const policies = ['always', 'never', 'roster'] as const;
/** What is archived of those in neither list; `roster`: messages with contacts (section 2.1.1). */
export type ArchivePolicy = (typeof policies)[number];

export interface ArchivePreferences {
  readonly default: ArchivePolicy;
  /** Addresses, normalised; a bare JID stands for all of its resources (section 2.3.1). */
  readonly always: readonly string[];
  readonly never: readonly string[];
}

/** More addresses than anybody keeps by hand. */
const MAX_JIDS = 10_000;

/** A server without preferences answers `feature-not-implemented` (section 2.1). */
export const archivePreferencesRequest = (): Element =>
  xml('iq', { type: 'get' }, xml('prefs', { xmlns: MAM }));

/** Replaces the preferences; the answer tells what the server made of them. */
export const archivePreferencesSet = (preferences: ArchivePreferences): Element => {
  const list = (name: 'always' | 'never'): Element =>
    xml(
      name,
      {},
      preferences[name].map((jid) => xml('jid', {}, jid)),
    );
  return xml(
    'iq',
    { type: 'set' },
    xml('prefs', { xmlns: MAM, default: preferences.default }, list('always'), list('never')),
  );
};

const readList = (prefs: Element, name: 'always' | 'never'): readonly string[] => {
  const list = child(prefs, name, MAM);
  if (list === undefined) return [];
  return childrenOf(list, 'jid', MAM)
    .slice(0, MAX_JIDS)
    .flatMap((element) => {
      const jid = parseJid(element.text().trim());
      return jid === undefined ? [] : [formatJid(jid)];
    });
};

/** The answer to either request; undefined where it is none or has no valid default. */
export const readArchivePreferences = (answer: Element): ArchivePreferences | undefined => {
  const prefs = child(answer, 'prefs', MAM);
  const policy = policies.find((one) => one === prefs?.attrs['default']);
  if (prefs === undefined || policy === undefined) return undefined;
  return { default: policy, always: readList(prefs, 'always'), never: readList(prefs, 'never') };
};
