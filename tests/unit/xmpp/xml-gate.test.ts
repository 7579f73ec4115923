import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { XmlError, XmlGate } from '#main/xmpp/xml-gate.ts';

const limits = { stanzaBytes: 1_000, depth: 5, elements: 20 };
const HEADER = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='s' version=\"1.0\">";

/** What passes the gate, after the header. */
const through = (xml: string, cut = xml.length, header = HEADER): string => {
  let passed = '';
  const gate = new XmlGate(limits, (token) => {
    passed += token;
  });
  gate.write(header);
  passed = '';
  for (let at = 0; at < xml.length; at += cut) gate.write(xml.slice(at, at + cut));
  return passed;
};

const verdict = (xml: string, header = HEADER): string => {
  try {
    through(xml, xml.length, header);
  } catch (error) {
    if (error instanceof XmlError) return error.condition;
    throw error;
  }
  return 'passed';
};

describe('what may pass', () => {
  test.each([
    "<message from='a@b/c'><body>x &amp; y &#1082; &#x1F511; > '</body></message>",
    '<message\n from="a" to=\'b\' ><body a="it\'s > fine"/></message >',
    "<x:y xmlns:x='n'/>",
    '<тест/>',
  ])('%s', (xml) => {
    expect(through(xml)).toBe(xml);
    expect(through(xml, 1)).toBe(xml);
  });

  test('CDATA becomes text, and what follows it is not lost', () => {
    const xml = '<m><body>a<![CDATA[<b> & ]] ]]>c<![CDATA[]]></body></m>';
    const passed = '<m><body>a&lt;b&gt; &amp; ]] c</body></m>';
    expect(through(xml)).toBe(passed);
    expect(through(xml, 1)).toBe(passed);
  });

  test('whitespace between stanzas is swallowed', () => {
    expect(through(' \n<a/> \t <b/>\n ', 1)).toBe('<a/><b/>');
    expect(through(`${' '.repeat(2_000)}<a/>`)).toBe('<a/>');
  });

  test('wherever it is cut, the same passes', () => {
    const xml = '<m a=\'1\' b="2>"><![CDATA[x]]>&lt;<b><c/></b> </m> <n/>';
    fc.assert(
      fc.property(fc.integer({ min: 1, max: xml.length }), (cut) => through(xml, cut) === through(xml)),
    );
  });

  test('a stanza may be as big as the limit, one after the other', () => {
    const xml = `<m>${'x'.repeat(990)}</m>`;
    expect(through(xml.repeat(3), 7)).toBe(xml.repeat(3));
  });
});

describe('what ends the stream', () => {
  test.each([
    ['a comment', '<a><!-- x --></a>', 'restricted-xml'],
    ['a comment that never ends', '<!--', 'restricted-xml'],
    ['a DTD', '<!DOCTYPE x [<!ENTITY a "b">]>', 'restricted-xml'],
    ['a processing instruction', '<?php echo ?>', 'restricted-xml'],
    ['a second XML declaration', "<?xml version='1.0'?>", 'restricted-xml'],
    ['a foreign entity in text', '<a>&bogus;</a>', 'restricted-xml'],
    ['a foreign entity in an attribute', "<a b='&bogus;'/>", 'restricted-xml'],
    ['a bare ampersand', '<a>x & y</a>', 'restricted-xml'],
    ['a control character', '<a>\u0001</a>', 'not-well-formed'],
    ['a NUL in a tag', '<a b="\0"/>', 'not-well-formed'],
    ['a lone surrogate', '<a>\ud800</a>', 'not-well-formed'],
    ['text between stanzas', 'hello<a/>', 'not-well-formed'],
    ['CDATA between stanzas', '<![CDATA[x]]><a/>', 'not-well-formed'],
    ['an attribute twice', "<a b='1' b='2'/>", 'not-well-formed'],
    ['an attribute without value', '<a b/>', 'not-well-formed'],
    ['an attribute without quotes', '<a b=c/>', 'not-well-formed'],
    ['attributes that touch', "<a b='1'c='2'/>", 'not-well-formed'],
    ['a tag in an attribute', "<a b='<c>'/>", 'not-well-formed'],
    ['an empty tag', '<>', 'not-well-formed'],
    ['a name of digits', '<1/>', 'not-well-formed'],
    ['an end with attributes', "<a></a b='c'>", 'not-well-formed'],
    ['an end that is empty', '<a></a/>', 'not-well-formed'],
    ['more ends than beginnings', '</stream:stream></x>', 'not-well-formed'],
    ['too deep', '<a>'.repeat(6), 'policy-violation'],
    ['too many elements', `<a>${'<b/>'.repeat(20)}</a>`, 'policy-violation'],
    ['too big', `<a>${'x'.repeat(1_000)}</a>`, 'policy-violation'],
    ['too big in bytes, not in characters', `<a>${'ж'.repeat(500)}</a>`, 'policy-violation'],
    ['too big without an end', `<a>${'x'.repeat(1_000)}`, 'policy-violation'],
    ['an attribute too big without an end', `<a b='${'x'.repeat(1_000)}`, 'policy-violation'],
    ['text that is no markup at all', 'HTTP/1.1 400 Bad Request', 'not-well-formed'],
  ])('%s', (_name, xml, condition) => {
    expect(verdict(xml)).toBe(condition);
  });

  test('an encoding that is not UTF-8', () => {
    expect(verdict('', "<?xml version='1.0' encoding='utf-16'?><s>")).toBe('unsupported-encoding');
    expect(verdict('', "<?xml version='1.0' encoding='UTF-8'?><s>")).toBe('passed');
  });

  test('no input at all makes it throw anything else', () => {
    const pieces = fc.array(
      fc.constantFrom(
        '<',
        '>',
        '/',
        '!',
        '[',
        ']',
        'CDATA',
        '<![CDATA[',
        ']]>',
        '?',
        '"',
        "'",
        'a',
        '=',
        ' ',
        '&',
        ';',
        '--',
        ':',
      ),
    );
    fc.assert(
      fc.property(pieces, fc.integer({ min: 1, max: 9 }), (parts, cut) => {
        const xml = parts.join('');
        try {
          through(xml, cut);
        } catch (error) {
          expect(error).toBeInstanceOf(XmlError);
        }
      }),
    );
  });
});
