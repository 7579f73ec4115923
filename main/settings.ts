import { settingsSchema } from '#shared/api/settings.ts';
import { defaultSettings } from '#shared/default-settings.ts';
import type { SettingsView } from '#shared/views.ts';
import type { SettingsStore } from '#main/store/settings.ts';
import type { Changes } from '#main/util/changes.ts';

/** The application's settings: what is stored, checked, with a default for everything else. */
export class Settings {
  readonly #store: SettingsStore;
  readonly #changes: Changes;
  #view: SettingsView;

  constructor(store: SettingsStore, changes: Changes) {
    this.#store = store;
    this.#changes = changes;
    const { shape } = settingsSchema;
    const stored = store.all();
    // A value that an older or newer version wrote and this one does not know falls back to its default, alone.
    this.#view = {
      theme: shape.theme.catch(defaultSettings.theme).parse(stored['theme']),
      language: shape.language.catch(defaultSettings.language).parse(stored['language']),
      sendTyping: shape.sendTyping.catch(defaultSettings.sendTyping).parse(stored['sendTyping']),
      sendReceipts: shape.sendReceipts.catch(defaultSettings.sendReceipts).parse(stored['sendReceipts']),
      sendReadMarkers: shape.sendReadMarkers
        .catch(defaultSettings.sendReadMarkers)
        .parse(stored['sendReadMarkers']),
      sendIdle: shape.sendIdle.catch(defaultSettings.sendIdle).parse(stored['sendIdle']),
      awayWhenIdle: shape.awayWhenIdle.catch(defaultSettings.awayWhenIdle).parse(stored['awayWhenIdle']),
      trustPolicy: shape.trustPolicy.catch(defaultSettings.trustPolicy).parse(stored['trustPolicy']),
      defaultProtection: shape.defaultProtection
        .catch(defaultSettings.defaultProtection)
        .parse(stored['defaultProtection']),
      tellUnreadable: shape.tellUnreadable
        .catch(defaultSettings.tellUnreadable)
        .parse(stored['tellUnreadable']),
      retention: shape.retention.catch(defaultSettings.retention).parse(stored['retention']),
      undoSeconds: shape.undoSeconds.catch(defaultSettings.undoSeconds).parse(stored['undoSeconds']),
      recentEmoji: shape.recentEmoji.catch([...defaultSettings.recentEmoji]).parse(stored['recentEmoji']),
      skinTone: shape.skinTone.catch(defaultSettings.skinTone).parse(stored['skinTone']),
    };
  }

  view(): SettingsView {
    return this.#view;
  }

  /** Changes the given ones and keeps them. */
  update(patch: { readonly [K in keyof SettingsView]?: SettingsView[K] | undefined }): SettingsView {
    this.#store.set(patch);
    const given = Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined));
    this.#view = { ...this.#view, ...given };
    this.#changes.announce({ kind: 'settings' });
    return this.#view;
  }
}
