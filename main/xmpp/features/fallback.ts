/**
 * XEP-0428: Fallback Indication, version 0.2.1 — https://xmpp.org/extensions/xep-0428.html
 * with characters counted by XEP-0426: Character counting in message bodies, version 0.3.0;
 * and, for reading, the form of before version 0.2 that came with XEP-0461 version 0.1 and is still in use.
 */
import type { Feature } from '../feature.ts';
import { childrenOf, xml, type Element } from '../stanza.ts';
import { MAX_UNSIGNED, parseUnsigned, usableId } from './attribute-values.ts';
import { isBounced } from './message.ts';

const FALLBACK = 'urn:xmpp:fallback:0';
const namespaces = [FALLBACK, 'urn:xmpp:feature-fallback:0'] as const;

/** Part of a body in code points: from `start` up to, not including, `end` (XEP-0426 section 3). */
export interface CodePointRange {
  readonly start: number;
  readonly end: number;
}

export interface Fallback {
  /**
   * Namespace of the extension that the text stands in for. Undefined in the form of before version 0.2:
   * then only who understood the whole message knows that its body is not meant.
   */
  readonly for: string | undefined;
  /** Which parts of the body; an empty list where it is about the subject alone. */
  readonly body: 'whole' | readonly CodePointRange[];
}

const MAX_FALLBACKS = 16;
const MAX_RANGES = 32;

/** Half a range reaches to that end of the body; a range that is none, or backwards, says nothing. */
const readRange = (element: Element): 'whole' | CodePointRange | undefined => {
  const { start, end } = element.attrs;
  if (start === undefined && end === undefined) return 'whole';
  const from = start === undefined ? 0 : parseUnsigned(start);
  const to = end === undefined ? MAX_UNSIGNED : parseUnsigned(end);
  return from === undefined || to === undefined || from > to ? undefined : { start: from, end: to };
};

const readBody = (element: Element, xmlns: string): Fallback['body'] => {
  const parts = childrenOf(element, 'body', xmlns);
  // Section 2.2: without children it applies to every body and subject.
  if (parts.length === 0) return childrenOf(element, 'subject', xmlns).length === 0 ? 'whole' : [];
  const ranges = parts.slice(0, MAX_RANGES).flatMap((part) => readRange(part) ?? []);
  return ranges.includes('whole') ? 'whole' : ranges.filter((range) => range !== 'whole');
};

/** What a message says about its body. The ranges are the sender's word: they may overlap or lie beyond the body. */
export const readFallbacks = (message: Element): readonly Fallback[] => {
  if (isBounced(message)) return [];
  return namespaces
    .flatMap((xmlns) => childrenOf(message, 'fallback', xmlns).map((element) => ({ element, xmlns })))
    .slice(0, MAX_FALLBACKS)
    .map(({ element, xmlns }) => ({ for: usableId(element.attrs['for']), body: readBody(element, xmlns) }));
};

/**
 * The body without what stands in for the extensions that were understood.
 * @param body as it came: no normalisation may happen before (XEP-0426 section 2)
 * @param understood namespaces of the extensions whose meaning is shown in another way
 * @returns possibly an empty text; where nothing else of the message is shown, show the whole body instead
 */
export const stripFallback = (
  body: string,
  fallbacks: readonly Fallback[],
  understood: readonly string[],
): string => {
  const parts = fallbacks.flatMap((one) =>
    one.for !== undefined && understood.includes(one.for) ? [one.body] : [],
  );
  if (parts.includes('whole')) return '';
  const ranges = parts
    .flatMap((part) => (part === 'whole' ? [] : part))
    .toSorted((a, b) => a.start - b.start);
  if (ranges.length === 0) return body;
  const points = Array.from(body);
  let kept = '';
  let reached = 0;
  for (const { start, end } of ranges) {
    if (start > reached) kept += points.slice(reached, start).join('');
    reached = Math.max(reached, end);
  }
  return kept + points.slice(reached).join('');
};

/** Length in code points (XEP-0426 section 2). */
export const codePointLength = (text: string): number => {
  let length = 0;
  for (const _ of text) length += 1;
  return length;
};

/**
 * Says that the body, or a part of it, only stands in for an extension.
 * @param about namespace of the extension
 */
export const fallback = (about: string, range?: CodePointRange): Element => {
  const part = range && xml('body', { start: String(range.start), end: String(range.end) });
  return xml('fallback', { xmlns: FALLBACK, for: about }, part);
};

export const fallbackIndication: Feature = { id: 'XEP-0428', discoVars: [FALLBACK] };
