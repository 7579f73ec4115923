import type { SettingsView } from './views.ts';

/** What applies until the user says otherwise; also what a window shows before the profile is open. */
export const defaultSettings: SettingsView = {
  theme: 'system',
  language: 'system',
  sendTyping: true,
  sendReceipts: true,
  sendReadMarkers: true,
  sendIdle: true,
  awayWhenIdle: false,
  trustPolicy: 'first-use',
  defaultProtection: 'automatic',
  tellUnreadable: true,
  undoSeconds: 0,
  retention: 'forever',
  recentEmoji: [],
  skinTone: 'none',
};
