import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  MAX_QUOTE_DEPTH,
  parseStyling,
  preText,
  stylingSource,
  type StyledBlock,
  type StyledSpan,
} from '#shared/styling.ts';

/** A tree in short: `strong(…)`, `mono(…)`, plain text as it is. */
const spans = (all: readonly StyledSpan[]): string =>
  all
    .map((span) => {
      if (span.kind === 'text') return span.text;
      return `${span.kind}(${span.kind === 'mono' ? span.text : spans(span.spans)})`;
    })
    .join('');

/** One line each; quotations in `quote[…]`, preformatted text in `pre[…]`. */
const outline = (blocks: readonly StyledBlock[]): readonly string[] =>
  blocks.map((block) => {
    switch (block.kind) {
      case 'plain':
        return spans(block.spans);
      case 'pre':
        return `pre[${preText(block)}]`;
      case 'quote':
        return `quote[${outline(block.blocks).join('|')}]`;
    }
  });

const read = (body: string): readonly string[] => outline(parseStyling(body));

describe('spans (XEP-0393 section 6.2)', () => {
  it.each([
    ['plain span', 'plain span'],
    ['*strong span*', 'strong(strong span)'],
    ['plain _emphasis_ plain', 'plain emphasis(emphasis) plain'],
    ['`pre` plain *strong*', 'mono(pre) plain strong(strong)'],
    ['*strong*plain*', 'strong(strong)plain*'],
    ['* plain *strong*', '* plain strong(strong)'],
    ['not strong*', 'not strong*'],
    ['*not strong', '*not strong'],
    ['*not *strong', '*not *strong'],
    ['**', '**'],
    ['***', '***'],
    ['****', '****'],
    ['Two spans, both *alike in dignity*', 'Two spans, both strong(alike in dignity)'],
    ['_Twelfth Night_ but *most* people', 'emphasis(Twelfth Night) but strong(most) people'],
    ['Everyone ~dis~likes cake.', 'Everyone strike(dis)likes cake.'],
    ['This is `*monospace*`', 'This is mono(*monospace*)'],
    ['This is *`monospace and bold`*', 'This is strong(mono(monospace and bold))'],
    ['Wow, I can write in `monospace`!', 'Wow, I can write in mono(monospace)!'],
  ])('reads the example %s', (body, expected) => {
    expect(read(body)).toEqual([expected]);
  });

  it.each([
    ['spans within spans', '*a _b ~c `d`~_*', 'strong(a emphasis(b strike(c mono(d))))'],
    ['directives that follow each other', '*_~x~_*', 'strong(emphasis(strike(x)))'],
    ['no overlap', '*this cannot _overlap*_', 'strong(this cannot _overlap)_'],
    ['the first place that may close', '*a *b* c*', 'strong(a *b) c*'],
    ['a directive in a word as text', 'snake_case_name and 2*3*4', 'snake_case_name and 2*3*4'],
    ['a directive after a closing one as text', '*a*_b_', 'strong(a)_b_'],
    ['a directive after one that does not open as text', '*_x_', '*_x_'],
    ['doubled directives as text', '**strong** __init__ ~~gone~~', '**strong** __init__ ~~gone~~'],
    ['the second of two directives as the closing one', '*a ** b*', 'strong(a *) b*'],
    ['an inner pair with nothing in it as text', '*a __ b*', 'strong(a __ b)'],
    ['no opening before a blank', '* a*', '* a*'],
    ['no closing after a blank', '*a *', '*a *'],
    ['no closing after any blank', '*a\u00a0*', '*a\u00a0*'],
    ['no opening before any blank', '*\u3000b*', '*\u3000b*'],
    ['an opening after any blank', 'x\u2003*a*', 'x\u2003strong(a)'],
    ['no children in preformatted text', '_no `with *children*`_', 'emphasis(no mono(with *children*))'],
    ['the outer span first', '*a `b*` c`', 'strong(a `b)` c`'],
    ['astral characters', '*🧛🏾*', 'strong(🧛🏾)'],
    ['punctuation before a directive as text', '(*a*)', '(*a*)'],
  ])('reads %s', (_, body, expected) => {
    expect(read(body)).toEqual([expected]);
  });

  it('ends spans with their line', () => {
    expect(read('*not \n strong*')).toEqual(['*not ', ' strong*']);
    expect(read('there is no *formatting\nas spans* may not escape')).toEqual([
      'there is no *formatting',
      'as spans* may not escape',
    ]);
  });
});

describe('blocks (XEP-0393 section 6.1)', () => {
  it('takes each line for itself', () => {
    expect(read('one\n\nand two\n')).toEqual(['one', '', 'and two']);
    expect(read('')).toEqual([]);
    expect(read('\n')).toEqual(['']);
  });

  it('takes preformatted text as it is', () => {
    expect(read('```ignored\n(println "*Hello*")\n> x\n```\n\nplain')).toEqual([
      'pre[(println "*Hello*")\n> x]',
      '',
      'plain',
    ]);
    expect(read('```\npre ```\n``` \n```\nplain')).toEqual(['pre[pre ```\n``` ]', 'plain']);
    expect(read('```\nnever closed')).toEqual(['pre[never closed]']);
    expect(read('```')).toEqual(['pre[]']);
    expect(read(' ```\nplain')).toEqual([' ```', 'plain']);
  });

  it('ends preformatted text with the quotation around it', () => {
    const body = '> ```\n> (println "Hello, world!")\n\nThe entire quotation is preformatted';
    expect(read(body)).toEqual([
      'quote[pre[(println "Hello, world!")]]',
      '',
      'The entire quotation is preformatted',
    ]);
    expect(read('> ```\n> pre\n> ```\n> *not* pre')).toEqual(['quote[pre[pre]|strong(not) pre]']);
  });

  it('nests quotations', () => {
    expect(read('> That that is, is.\n\nSaid the old hermit of Prague.')).toEqual([
      'quote[That that is, is.]',
      '',
      'Said the old hermit of Prague.',
    ]);
    expect(read('>> That that is, is.\n> Said the old hermit.\n\nWho?')).toEqual([
      'quote[quote[That that is, is.]|Said the old hermit.]',
      '',
      'Who?',
    ]);
    expect(read('> > a\n>> b\n> c')).toEqual(['quote[quote[a|b]|c]']);
    expect(read('>*a*\n>\n>  b')).toEqual(['quote[strong(a)|| b]']);
    expect(read(' > no')).toEqual([' > no']);
  });

  it('keeps the marks of a quotation apart from its text', () => {
    const [quote] = parseStyling('> > *a*\n>b');
    expect(quote).toMatchObject({
      kind: 'quote',
      blocks: [
        {
          kind: 'quote',
          blocks: [{ kind: 'plain', quotes: '> > ', end: '\n', spans: [{ kind: 'strong' }] }],
        },
        { kind: 'plain', quotes: '>', end: '', spans: [{ kind: 'text', text: 'b' }] },
      ],
    });
  });

  it('keeps what follows the opening of preformatted text', () => {
    expect(parseStyling('> ```ts\n> x')).toMatchObject([
      {
        kind: 'quote',
        blocks: [{ kind: 'pre', opening: { quotes: '> ', text: '```ts', end: '\n' }, closing: undefined }],
      },
    ]);
  });
});

describe('any body', () => {
  const pieces = [
    '*',
    '_',
    '~',
    '`',
    '```',
    '>',
    '> ',
    '\n',
    ' ',
    '\t',
    '\u00a0',
    '\r',
    'a',
    'b',
    '🧛🏾',
    '\ud800',
    '\u2028',
  ];
  const anyBody = fc.oneof(
    fc.string({ unit: fc.constantFrom(...pieces), maxLength: 60 }),
    fc.string({ unit: 'binary', maxLength: 60 }),
  );

  it('comes back from its tree as it was', () => {
    fc.assert(
      fc.property(anyBody, (body) => {
        expect(stylingSource(parseStyling(body))).toBe(body);
      }),
      { numRuns: 3000 },
    );
  });

  it('gives spans that stay in their line, are not empty, and do not begin or end with a blank', () => {
    const check = (span: StyledSpan): void => {
      if (span.kind === 'text') return;
      const source =
        span.kind === 'mono'
          ? span.text
          : stylingSource([{ kind: 'plain', quotes: '', spans: span.spans, end: '' }]);
      expect(source).toMatch(/^[^\p{White_Space}\p{Z}](?:.*[^\p{White_Space}\p{Z}])?$/su);
      expect(source).not.toContain('\n');
      if (span.kind !== 'mono') for (const inner of span.spans) check(inner);
    };
    const checkBlock = (block: StyledBlock): void => {
      if (block.kind === 'quote') for (const inner of block.blocks) checkBlock(inner);
      if (block.kind === 'plain') for (const span of block.spans) check(span);
    };
    fc.assert(
      fc.property(anyBody, (body) => parseStyling(body).forEach(checkBlock)),
      { numRuns: 3000 },
    );
  });

  it.each([
    ['openings that never close', '*a '.repeat(60_000)],
    ['openings of all kinds', '*a _b ~c `d '.repeat(20_000)],
    ['openings in a row', '*_~`'.repeat(50_000)],
    ['one directive', '*'.repeat(200_000)],
    ['closings that nothing opened', 'a* '.repeat(60_000)],
    ['spans in spans', `${'*_~'.repeat(60_000)}a${'~_*'.repeat(60_000)}`],
    ['quotations in quotations', '>'.repeat(200_000)],
    ['lines of quotations', `${'>'.repeat(50)}\n`.repeat(4000)],
    ['fences', '```\n'.repeat(50_000)],
    ['fences that open again and again', '```x\n'.repeat(40_000)],
    ['empty lines', '\n'.repeat(200_000)],
  ])('is read to the end: %s', (_, body) => {
    expect(stylingSource(parseStyling(body))).toBe(body);
  });

  it('is never deeper than a tree may be', () => {
    const depth = (blocks: readonly StyledBlock[]): number =>
      Math.max(0, ...blocks.map((block) => (block.kind === 'quote' ? 1 + depth(block.blocks) : 0)));
    expect(depth(parseStyling('> '.repeat(5000)))).toBe(MAX_QUOTE_DEPTH);
  });
});
