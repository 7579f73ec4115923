import { z } from 'zod';
import type { SettingsView } from '../views.ts';
import { method } from './method.ts';

export const settingsSchema = z.strictObject({
  theme: z.enum(['system', 'light', 'dark']),
  language: z.enum(['system', 'en', 'de', 'ar']),
  sendTyping: z.boolean(),
});

export const settings = {
  /** Changes the given settings; the others stay. */
  update: method(settingsSchema.partial())<SettingsView>(),
};
