import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { DeepLink, DeepLinkAction } from '#shared/deep-link.ts';
import { formatKeyLink, keysOf } from '#shared/key-link.ts';
import { useApp } from '../../app-context.tsx';
import type { TranslationKey } from '../../i18n/translate.ts';
import { Button } from '../../ui/Button.tsx';
import { classes } from '../../ui/classes.ts';
import { Dialog, DialogButtons } from '../../ui/Dialog.tsx';
import { displayName } from '../../ui/names.ts';
import { AccountSelect, useAccountChoice } from './AccountSelect.tsx';
import styles from './LinkDialog.module.css';
import { useStartChat } from './use-start-chat.ts';

const cx = classes(styles);

const words: Readonly<Record<DeepLinkAction, TranslationKey>> = {
  message: 'link.message',
  roster: 'link.contact',
  subscribe: 'link.contact',
  join: 'link.room',
  register: 'link.register',
};

/** An `xmpp:` link from another program: says what it wants, and does nothing without a click. */
export const LinkDialog = ({ link }: { link: DeepLink }): ReactNode => {
  const { t } = useTranslation();
  const { ui } = useApp();
  const account = useAccountChoice();
  const onClose = (): void => ui.setState({ deepLink: undefined });
  const body = link.action === 'message' ? (link.parameters['body'] ?? '') : '';
  const keys = keysOf(link) ?? [];
  const possible = link.action !== 'join' && link.action !== 'register';
  return (
    <Dialog title={t('link.title')} onClose={onClose}>
      <p>{t(keys.length > 0 && possible ? 'link.keys' : words[link.action])}</p>
      <bdi className={cx('jid')}>{displayName(link.jid)}</bdi>
      {body !== '' && (
        <div>
          <p>{t('link.body')}</p>
          <blockquote className={cx('body')} dir="auto">
            {body}
          </blockquote>
        </div>
      )}
      {possible && <p className={cx('warning')}>{t('link.warning')}</p>}
      {possible && <AccountSelect label={t('newChat.from')} choice={account} />}
      <DialogButtons>
        <Button onClick={onClose}>{t(possible ? 'common.cancel' : 'common.close')}</Button>
        {possible && <Accept link={link} accountId={account.id} body={body} onDone={onClose} />}
        {possible && keys.length > 0 && (
          <Compare link={formatKeyLink({ jid: link.jid, keys })} accountId={account.id} onDone={onClose} />
        )}
      </DialogButtons>
    </Dialog>
  );
};

interface AcceptProps {
  readonly link: DeepLink;
  readonly accountId: ReturnType<typeof useAccountChoice>['id'];
  readonly body: string;
  readonly onDone: () => void;
}

/** Asks nobody for anything before the user wants it: a page on the web could learn by that who they are. */
const Compare = ({
  link,
  accountId,
  onDone,
}: Pick<AcceptProps, 'accountId' | 'onDone'> & { readonly link: string }): ReactNode => {
  const { t } = useTranslation();
  const { openDialog } = useApp();
  if (accountId === undefined) return undefined;
  return (
    <Button
      kind="primary"
      onClick={() => {
        onDone();
        openDialog({ kind: 'verify-link', accountId, link });
      }}
    >
      {t('link.compareKeys')}
    </Button>
  );
};

const Accept = ({ link, accountId, body, onDone }: AcceptProps): ReactNode => {
  const { t } = useTranslation();
  const { chats, drafts, run, openDialog, ui } = useApp();
  const startChat = useStartChat();
  if (accountId === undefined) return undefined;
  const { jid, action } = link;

  const write = async (): Promise<void> => {
    await startChat(accountId, jid);
    const { chatId } = ui.getState();
    const known = chatId === undefined ? undefined : chats.getState().chats.get(chatId);
    // A text of one's own is worth more than one that a web page brings.
    if (
      chatId !== undefined &&
      body !== '' &&
      known?.draft === '' &&
      !drafts.store.getState().get(chatId)?.text
    ) {
      drafts.write(chatId, body);
    }
  };

  if (action === 'message') {
    return (
      <Button
        kind="primary"
        onClick={() => {
          onDone();
          run(write());
        }}
      >
        {t('contacts.write')}
      </Button>
    );
  }
  return (
    <Button
      kind="primary"
      onClick={() => {
        onDone();
        openDialog({ kind: 'add-contact', accountId, jid });
      }}
    >
      {t('common.add')}
    </Button>
  );
};
