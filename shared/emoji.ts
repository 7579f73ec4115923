/**
 * Emoji as reactions (XEP-0444 section 4 with Unicode Technical Standard 51, revision 27). By form, not by the
 * list of a Unicode version: others may have a newer one.
 */

/**
 * One emoji (UTS 51 section 1.4.9): a keycap, a flag, or a character that may have a presentation selector, a
 * skin tone and tags; several joined by ZERO WIDTH JOINER.
 */
const ELEMENT =
  '(?:[0-9#*]\\u{fe0f}?\\u{20e3}' +
  '|\\p{Regional_Indicator}{2}' +
  '|(?![0-9#*\\p{Regional_Indicator}])\\p{Emoji}[\\u{fe0e}\\u{fe0f}]?\\p{Emoji_Modifier}?(?:[\\u{e0020}-\\u{e007e}]+\\u{e007f})?)';
const EMOJI = new RegExp(`^${ELEMENT}(?:\\u{200d}${ELEMENT})*$`, 'u');

/** The longest that Unicode recommends has 15 UTF-16 units; a chain of joiners would have no end. */
const MAX_LENGTH = 40;

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Whether a text is exactly one emoji: it takes one place on the screen and smuggles no text. */
export const isEmoji = (text: string): boolean => {
  if (text.length > MAX_LENGTH || !EMOJI.test(text)) return false;
  const [first] = graphemes.segment(text);
  return first?.segment === text;
};

/** Equal for the same emoji with and without presentation selectors: clients differ in sending them. */
export const emojiKey = (emoji: string): string => emoji.replace(/[\u{fe0e}\u{fe0f}]/gu, '');
