import { createContext, use, type ReactNode } from 'react';
import type { ChatProtectionView } from '#shared/encryption.ts';
import type { ChatView } from '#shared/views.ts';
import { useProtection } from './use-asked.ts';

const ProtectionContext = createContext<ChatProtectionView | undefined>(undefined);

/** Asks once for the whole chat how its next message will be protected. */
export const ProtectionProvider = ({
  chat,
  children,
}: {
  chat: ChatView;
  children: ReactNode;
}): ReactNode => <ProtectionContext value={useProtection(chat)}>{children}</ProtectionContext>;

/** Undefined until main has said. */
export const useChatProtection = (): ChatProtectionView | undefined => use(ProtectionContext);
