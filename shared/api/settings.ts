import { z } from 'zod';
import type { SettingsView } from '../views.ts';
import { method } from './method.ts';

export const settingsPatch = z.strictObject({
  theme: z.enum(['system', 'light', 'dark']).optional(),
  language: z.enum(['system', 'en', 'de', 'ar']).optional(),
  sendTyping: z.boolean().optional(),
});

export const settings = {
  update: method(settingsPatch)<SettingsView>(),
};
