/**
 * XEP-0030: Service Discovery, version 2.5.0 — https://xmpp.org/extensions/xep-0030.html
 * XEP-0115: Entity Capabilities, version 1.6.0 — https://xmpp.org/extensions/xep-0115.html
 */
import { createHash } from 'node:crypto';
import { StanzaError } from '../port.ts';
import type { Feature } from '../feature.ts';
import { child, childrenOf, NS, xml, type Element } from '../stanza.ts';
import type { CapsHash } from './presence.ts';

export interface Identity {
  readonly category: string;
  readonly type: string;
  readonly lang: string;
  readonly name: string;
}

/** A data form of XEP-0128, reduced to what the hash needs. */
export interface DiscoForm {
  readonly formType: string;
  readonly fields: readonly { readonly name: string; readonly values: readonly string[] }[];
}

export interface DiscoInfo {
  readonly identities: readonly Identity[];
  readonly features: readonly string[];
  readonly forms: readonly DiscoForm[];
}

/** Bounds for what strangers may make us store. */
const MAX_FEATURES = 500;
const DATA_FORM = 'jabber:x:data';

const readForm = (form: Element): DiscoForm | undefined => {
  const fields = childrenOf(form, 'field', DATA_FORM).map((field) => ({
    name: field.attrs['var'] ?? '',
    type: field.attrs['type'],
    values: childrenOf(field, 'value', DATA_FORM).map((value) => value.text()),
  }));
  const formType = fields.find((field) => field.name === 'FORM_TYPE' && field.type === 'hidden')?.values[0];
  // XEP-0115 section 5.4, 3.6: a form without a hidden FORM_TYPE is left out, not an error.
  if (formType === undefined) return undefined;
  return {
    formType,
    fields: fields.flatMap(({ name, values }) => (name === 'FORM_TYPE' ? [] : [{ name, values }])),
  };
};

/** The payload of a disco#info result; undefined where there is none. */
export const readDiscoInfo = (result: Element): DiscoInfo | undefined => {
  const query = child(result, 'query', NS.discoInfo);
  if (query === undefined) return undefined;
  return {
    identities: childrenOf(query, 'identity', NS.discoInfo)
      .slice(0, MAX_FEATURES)
      .map(({ attrs }) => ({
        category: attrs['category'] ?? '',
        type: attrs['type'] ?? '',
        lang: attrs['xml:lang'] ?? '',
        name: attrs['name'] ?? '',
      })),
    features: childrenOf(query, 'feature', NS.discoInfo)
      .slice(0, MAX_FEATURES)
      .flatMap(({ attrs }) => attrs['var'] ?? []),
    forms: childrenOf(query, 'x', DATA_FORM)
      .slice(0, 20)
      .flatMap((form) => readForm(form) ?? []),
  };
};

export const discoInfoRequest = (to: string, node?: string): Element =>
  xml('iq', { type: 'get', to }, xml('query', { xmlns: NS.discoInfo, node }));

/** i;octet collation (RFC 4790 section 9.3): by UTF-8 bytes, not by UTF-16 units. */
const byOctets = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

/**
 * The verification string of XEP-0115 section 5.1, hashed.
 * @returns undefined where the information is ill-formed (section 5.4, 3.2 to 3.5), so that no hash may match it
 */
export const capsVer = (info: DiscoInfo, hash: 'sha-1' | 'sha-256' = 'sha-1'): string | undefined => {
  const identities = info.identities
    .map((one) => `${one.category}/${one.type}/${one.lang}/${one.name}<`)
    .toSorted(byOctets);
  const features = info.features.map((feature) => `${feature}<`).toSorted(byOctets);
  const formTypes = info.forms.map((form) => form.formType);
  const repeated = (all: readonly string[]): boolean => new Set(all).size !== all.length;
  if (repeated(identities) || repeated(features) || repeated(formTypes)) return undefined;
  const forms = info.forms
    .toSorted((a, b) => byOctets(a.formType, b.formType))
    .map((form) => {
      const fields = form.fields
        .toSorted((a, b) => byOctets(a.name, b.name))
        .map(
          (field) =>
            `${field.name}<${field.values
              .toSorted(byOctets)
              .map((value) => `${value}<`)
              .join('')}`,
        );
      return `${form.formType}<${fields.join('')}`;
    });
  const text = [...identities, ...features, ...forms].join('');
  return createHash(hash === 'sha-1' ? 'sha1' : 'sha256')
    .update(text)
    .digest('base64');
};

/** Whether an answer really is what the hash in the presence announced (XEP-0115 section 5.4). */
export const capsMatch = (info: DiscoInfo, caps: CapsHash): boolean => {
  if (caps.hash !== 'sha-1' && caps.hash !== 'sha-256') return false;
  // Section 5.1: `<` separates the parts, so a value that contains one could imitate another list (poisoning).
  const parts = [
    ...info.features,
    ...info.identities.flatMap((one) => [one.category, one.type, one.lang, one.name]),
    ...info.forms.flatMap((form) => [
      form.formType,
      ...form.fields.flatMap((field) => [field.name, ...field.values]),
    ]),
  ];
  return !parts.some((part) => part.includes('<')) && capsVer(info, caps.hash) === caps.ver;
};

export const CAPS_NODE = 'https://chatsecure.org/desktop';

export interface OwnDisco extends Feature {
  /** The element for our presence. */
  readonly caps: () => Element;
}

/** Answers what we are and can do: one identity, and the features of all `features`. */
export const serviceDiscovery = (name: string, features: readonly Feature[]): OwnDisco => {
  const info: DiscoInfo = {
    identities: [{ category: 'client', type: 'pc', lang: '', name }],
    features: [
      ...new Set([NS.discoInfo, NS.caps, ...features.flatMap((feature) => feature.discoVars)]),
    ].toSorted(byOctets),
    forms: [],
  };
  const ver = capsVer(info) ?? '';
  return {
    id: 'XEP-0030',
    discoVars: [NS.discoInfo, NS.caps],
    caps: () => xml('c', { xmlns: NS.caps, hash: 'sha-1', node: CAPS_NODE, ver }),
    attach: (host) =>
      host.onIq('get', 'query', NS.discoInfo, (iq, from) => {
        if (!host.maySeeUs(from)) throw new StanzaError('service-unavailable', 'cancel');
        const node = child(iq, 'query', NS.discoInfo)?.attrs['node'];
        // XEP-0115 section 6.2: asked about the node of our hash, the answer names it again.
        if (node !== undefined && node !== `${CAPS_NODE}#${ver}`)
          throw new StanzaError('item-not-found', 'cancel');
        return xml(
          'query',
          { xmlns: NS.discoInfo, node },
          info.identities.map(({ category, type }) => xml('identity', { category, type, name })),
          info.features.map((feature) => xml('feature', { var: feature })),
        );
      }),
  };
};
