import { describe, expect, test } from 'vitest';
import { planEndpoints, UNAVAILABLE, type SrvAnswers } from '#main/net/endpoints.ts';
import type { SrvRecord } from '#main/net/resolver.ts';

const record = (name: string, port: number, priority = 0, weight = 0): SrvRecord => ({
  name,
  port,
  priority,
  weight,
});
const never: readonly SrvRecord[] = [record('.', 0)];

const plan = (answers: Partial<SrvAnswers>, random: () => number = () => 0): readonly string[] | string => {
  const planned = planEndpoints('example.test', { direct: [], starttls: [], ...answers }, random);
  return planned === UNAVAILABLE
    ? planned
    : planned.map(({ host, port, directTls }) => `${directTls ? 'tls' : 'starttls'} ${host}:${port}`);
};

describe('where a domain is served', () => {
  test('without records: at the domain itself, encrypted from the first byte if possible', () => {
    expect(plan({})).toEqual(['tls example.test:5223', 'starttls example.test:5222']);
  });

  test('both kinds of record are one list, by priority (XEP-0368 section 4)', () => {
    expect(
      plan({
        direct: [record('a.test', 443, 20), record('b.test', 5223, 5)],
        starttls: [record('c.test', 5222, 10), record('d.test.', 5222, 1)],
      }),
    ).toEqual(['starttls d.test:5222', 'tls b.test:5223', 'starttls c.test:5222', 'tls a.test:443']);
  });

  test('records forbid the fallback to the domain (RFC 6120 section 3.2.1)', () => {
    expect(plan({ starttls: [record('c.test', 5222)] })).toEqual(['starttls c.test:5222']);
  });

  test('"." means decidedly not (RFC 2782)', () => {
    expect(plan({ direct: never, starttls: never })).toBe(UNAVAILABLE);
    expect(plan({ starttls: never })).toBe(UNAVAILABLE);
    expect(plan({ direct: never })).toEqual(['starttls example.test:5222']);
    expect(plan({ direct: [record('a.test', 443)], starttls: never })).toEqual(['tls a.test:443']);
    expect(plan({ direct: never, starttls: [record('c.test', 5222)] })).toEqual(['starttls c.test:5222']);
  });

  test('records without a target or a port are none', () => {
    expect(
      plan({ direct: [record('', 5223), record('a.test', 0), record('.', 0), record('b.test', 1)] }),
    ).toEqual(['tls b.test:1']);
  });
});

describe('the draw among equal priorities', () => {
  const equals = {
    starttls: [record('light', 1, 0, 10), record('heavy', 2, 0, 30), record('never', 3, 0, 0)],
  };
  /** The whole range in even steps: the shares come out exactly. */
  const first = (steps: number): Map<string, number> => {
    const counts = new Map<string, number>();
    for (let step = 0; step < steps; step += 1) {
      const [winner = ''] = plan(equals, () => step / steps);
      counts.set(winner, (counts.get(winner) ?? 0) + 1);
    }
    return counts;
  };

  test('goes by weight, with a small chance for weight 0', () => {
    const counts = first(4_100);
    expect(counts.get('starttls never:3')).toBe(100);
    expect(counts.get('starttls light:1')).toBe(1_000);
    expect(counts.get('starttls heavy:2')).toBe(3_000);
  });

  test('leaves nobody out and draws nobody twice', () => {
    for (const value of [0, 0.3, 0.7, 0.999_999]) {
      const planned = plan(equals, () => value);
      expect([...planned].toSorted()).toEqual(['starttls heavy:2', 'starttls light:1', 'starttls never:3']);
    }
  });
});
