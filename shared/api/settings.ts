import { z } from 'zod';
import type { SettingsView } from '../views.ts';
import { emoji, retention } from './fields.ts';
import { method } from './method.ts';

/** The longest time that a message is held back for "undo", in seconds. */
const MAX_UNDO_SECONDS = 30;
const MAX_RECENT_EMOJI = 24;

export const settingsSchema = z.strictObject({
  theme: z.enum(['system', 'light', 'dark']),
  language: z.enum(['system', 'en', 'de', 'ar']),
  sendTyping: z.boolean(),
  sendReceipts: z.boolean(),
  sendReadMarkers: z.boolean(),
  sendIdle: z.boolean(),
  awayWhenIdle: z.boolean(),
  trustPolicy: z.enum(['first-use', 'blind']),
  defaultProtection: z.enum(['automatic', 'omemo']),
  tellUnreadable: z.boolean(),
  /** A shorter time deletes what is older some seconds later, in every chat that follows the default. */
  retention,
  undoSeconds: z.int().min(0).max(MAX_UNDO_SECONDS),
  recentEmoji: z.array(emoji).max(MAX_RECENT_EMOJI),
  skinTone: z.enum(['none', 'light', 'medium-light', 'medium', 'medium-dark', 'dark']),
});

export const settings = {
  /** Changes the given settings; the others stay. */
  update: method(settingsSchema.partial())<SettingsView>(),
};
