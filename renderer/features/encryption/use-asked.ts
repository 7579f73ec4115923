import { useCallback, useEffect, useState } from 'react';
import { useStore } from 'zustand';
import type { ChatProtectionView, DeviceView } from '#shared/encryption.ts';
import type { ErrorCode } from '#shared/errors.ts';
import type { AccountId } from '#shared/ids.ts';
import type { ChatView } from '#shared/views.ts';
import { codeOf } from '../../api/client.ts';
import { useApp, useSession } from '../../app-context.tsx';
import { contactKey } from '../../state/people.ts';

/** What came of asking main. */
export type Asked<T> =
  | { readonly kind: 'asking' }
  | { readonly kind: 'known'; readonly value: T }
  | { readonly kind: 'failed'; readonly code: ErrorCode };

const asking = { kind: 'asking' } as const;

/**
 * Asks, and asks again whenever `version` is another; what is known stays until the new answer is there.
 * @param ask with an identity of its own for each thing: made by `useCallback`
 */
export const useAsked = <T>(ask: () => Promise<T>, version: unknown): Asked<T> => {
  const [answer, setAnswer] = useState<{ readonly about: unknown; readonly asked: Asked<T> }>();
  // A window that had lost main knows nothing that happened meanwhile.
  const link = useSession((session) => session.link);
  useEffect(() => {
    let isGone = false;
    const take = (asked: Asked<T>): void => {
      if (!isGone) setAnswer({ about: ask, asked });
    };
    if (link === 'open')
      ask().then(
        (value) => take({ kind: 'known', value }),
        (error: unknown) => take({ kind: 'failed', code: codeOf(error) }),
      );
    return () => {
      isGone = true;
    };
  }, [ask, version, link]);
  return answer !== undefined && answer.about === ask ? answer.asked : asking;
};

/** Another number whenever something about the devices of an address has changed. */
export const useEncryptionVersion = (accountId: AccountId, jid: string): number =>
  useStore(useApp().encryption, (state) => state.get(contactKey(accountId, jid)) ?? 0);

/** @param fetch whether their list is fetched anew, too */
export const useDevices = (
  accountId: AccountId,
  jid: string,
  fetch = false,
): Asked<readonly DeviceView[]> => {
  const { api } = useApp();
  const ask = useCallback(
    () => api.encryption.devices({ accountId, jid, fetch }).then(({ devices }) => devices),
    [api, accountId, jid, fetch],
  );
  return useAsked(ask, useEncryptionVersion(accountId, jid));
};

/** Undefined until main has said. */
export const useProtection = ({
  id: chatId,
  accountId,
  jid,
}: Pick<ChatView, 'id' | 'accountId' | 'jid'>): ChatProtectionView | undefined => {
  const { api } = useApp();
  const ask = useCallback(() => api.encryption.protection({ chatId }), [api, chatId]);
  const changes = useEncryptionVersion(accountId, jid);
  const standard = useSession(({ settings }) => `${settings.defaultProtection} ${settings.trustPolicy}`);
  const answer = useAsked(ask, `${changes} ${standard}`);
  return answer.kind === 'known' ? answer.value : undefined;
};
