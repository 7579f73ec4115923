import type { SrvRecord } from './resolver.ts';

/** One place where the service of a domain may be found. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte (XEP-0368), else STARTTLS. */
  readonly directTls: boolean;
}

export const DIRECT_TLS_PORT = 5223;
export const STARTTLS_PORT = 5222;

/** The service is decidedly not available at this domain (RFC 2782: target "."). */
export const UNAVAILABLE = 'unavailable';

/** What the two lookups of a domain gave. */
export interface SrvAnswers {
  /** `_xmpps-client._tcp` */
  readonly direct: readonly SrvRecord[];
  /** `_xmpp-client._tcp` */
  readonly starttls: readonly SrvRecord[];
}

/**
 * The endpoints of a domain in the order in which to try them.
 * XEP-0368 section 4: both kinds are mixed, ordered by priority and weight together; RFC 6120 section 3.2:
 * without records the domain itself is tried.
 * @param random uniform in [0, 1)
 */
export const planEndpoints = (
  domain: string,
  answers: SrvAnswers,
  random: () => number,
): readonly Endpoint[] | typeof UNAVAILABLE => {
  const refusesDirect = isRefusal(answers.direct);
  const refusesStartTls = isRefusal(answers.starttls);
  const records = [
    ...(refusesDirect ? [] : answers.direct.map((record) => ({ record, directTls: true }))),
    ...(refusesStartTls ? [] : answers.starttls.map((record) => ({ record, directTls: false }))),
  ].filter(({ record }) => isTarget(record));
  if (records.length > 0) {
    return orderByPriority(records, random).map(({ record, directTls }) => ({
      host: record.name.replace(/\.$/, ''),
      port: record.port,
      directTls,
    }));
  }
  if (refusesStartTls) return UNAVAILABLE;
  const direct: Endpoint = { host: domain, port: DIRECT_TLS_PORT, directTls: true };
  const starttls: Endpoint = { host: domain, port: STARTTLS_PORT, directTls: false };
  return refusesDirect ? [starttls] : [direct, starttls];
};

const isTarget = (record: SrvRecord): boolean => record.name !== '' && record.name !== '.' && record.port > 0;

const isRefusal = (records: readonly SrvRecord[]): boolean =>
  records.length > 0 && records.every((record) => record.name === '' || record.name === '.');

interface Candidate {
  readonly record: SrvRecord;
  readonly directTls: boolean;
}

/** RFC 2782, "Usage rules": ascending priority, and within one a draw in which weight is the chance. */
const orderByPriority = (candidates: readonly Candidate[], random: () => number): readonly Candidate[] =>
  [...Map.groupBy(candidates, (one) => one.record.priority)]
    .toSorted(([a], [b]) => a - b)
    .flatMap(([, group]) => drawByWeight(group, random));

const drawByWeight = (group: readonly Candidate[], random: () => number): readonly Candidate[] => {
  // Weight 0 goes first in the list, so that it has "a very small chance" when others have weights.
  const left = group.toSorted((a, b) => a.record.weight - b.record.weight);
  const drawn: Candidate[] = [];
  while (left.length > 0) {
    const total = left.reduce((sum, one) => sum + one.record.weight, 0);
    const mark = Math.floor(random() * (total + 1));
    let sum = 0;
    const index = left.findIndex((one) => (sum += one.record.weight) >= mark);
    drawn.push(...left.splice(Math.max(index, 0), 1));
  }
  return drawn;
};
