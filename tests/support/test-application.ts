import { defaultSettings } from '#shared/default-settings.ts';
import type { Application } from '#main/hosts/application.ts';
import { createLogger, type Logger } from '#main/log/logger.ts';
import { createRpcServer } from '#main/rpc/server.ts';
import { contract } from '#shared/api/contract.ts';
import type { HostKind, Snapshot } from '#shared/api/app.ts';
import type { DeepLink } from '#shared/deep-link.ts';
import type { SettingsView } from '#shared/views.ts';

export interface TestApplication extends Application {
  readonly links: DeepLink[];
  readonly opened: string[];
  starts: number;
  stops: number;
}

/**
 * The smallest application that a host can drive: an empty profile whose settings can be changed.
 * It speaks the real contract through the real RPC server.
 */
export const createTestApplication = (
  host: HostKind,
  log: Logger = createLogger(() => {}, 'error', 'test'),
): TestApplication => {
  let settings: SettingsView = { ...defaultSettings, language: 'en' };
  const opened: string[] = [];
  const links: DeepLink[] = [];
  const snapshot = (): Snapshot => ({
    ready: true,
    host,
    version: '0.0.0-test',
    keyProtection: 'passphrase',
    accounts: [],
    contacts: [],
    requests: [],
    chats: [],
    settings,
  });
  const rpc = createRpcServer({
    contract: { app: contract.app, settings: contract.settings },
    log,
    handlers: {
      app: {
        snapshot,
        unlock: snapshot,
        retryKeychain: snapshot,
        setVisibility: () => undefined,
        openLink: ({ url }) => void opened.push(url),
      },
      settings: {
        update: (patch) => {
          const given = Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined));
          settings = { ...settings, ...given };
          rpc.emit('settings.changed', { settings });
          return settings;
        },
      },
    },
  });
  const application: TestApplication = {
    links,
    opened,
    starts: 0,
    stops: 0,
    start: async () => {
      application.starts += 1;
    },
    stop: async () => {
      application.stops += 1;
      rpc.dispose();
    },
    attach: (pipe) => rpc.attach(pipe),
    openDeepLink: (link) => links.push(link),
  };
  return application;
};
