import { startSlixmpp } from '#tests/support/peers/slixmpp.ts';
import { tellStories } from './stories.ts';

/** slixmpp 1.8 of Debian 12, the library of poezio, slidge and many bots. */
tellStories(
  'slixmpp',
  startSlixmpp,
  new Set([
    'receipts',
    'markers',
    'corrections',
    'reactions',
    'replies',
    'retractions',
    'old-retractions',
    'chat-states',
    'carbons',
    'archive',
  ]),
);
