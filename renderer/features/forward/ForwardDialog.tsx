import { useMemo, useState, type KeyboardEvent, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ErrorCode } from '#shared/errors.ts';
import type { MessageView } from '#shared/views.ts';
import { useApp, useChats, usePeople } from '../../app-context.tsx';
import { describeError } from '../../i18n/errors.ts';
import { Avatar } from '../../ui/Avatar.tsx';
import { Button } from '../../ui/Button.tsx';
import { Alert } from '../../ui/Card.tsx';
import { classes } from '../../ui/classes.ts';
import { Dialog, DialogButtons, DialogForm } from '../../ui/Dialog.tsx';
import { Field } from '../../ui/Field.tsx';
import { Line } from '../../ui/Line.tsx';
import { displayName } from '../../ui/names.ts';
import { useStartChat } from '../contacts/use-start-chat.ts';
import { useCommand } from '../shell/use-command.ts';
import styles from './ForwardDialog.module.css';
import { targetsOf, visibleTargets, type Target } from './targets.ts';

const cx = classes(styles);

/** The most that `messages.forward` takes. */
const MAX_TARGETS = 20;
/** More than this nobody reads; the search finds the others. */
const MAX_SHOWN = 50;

interface ForwardDialogProps {
  readonly message: MessageView;
  readonly onClose: () => void;
}

/** Chooses who gets a message too: one chat or several, known ones or contacts without a chat. */
export const ForwardDialog = ({ message, onClose }: ForwardDialogProps): ReactNode => {
  const { t } = useTranslation();
  const targets = useTargets(message);
  const [query, setQuery] = useState('');
  const { chosen, toggle, forward, sentTo, error, busy } = useForward(message, onClose);
  const visible = visibleTargets(targets, query, chosen).slice(0, MAX_SHOWN + chosen.size);

  /** Enter chooses the only one that is left; the next one sends. */
  const chooseOnly = (event: KeyboardEvent): void => {
    const [first, ...others] = visibleTargets(targets, query, new Map());
    if (event.key !== 'Enter' || chosen.size > 0 || first === undefined || others.length > 0) return;
    event.preventDefault();
    toggle(first);
  };

  if (sentTo > 0) return <Done count={sentTo} onClose={onClose} />;
  return (
    <Dialog title={t('forward.title')} onClose={onClose}>
      <DialogForm onSubmit={forward}>
        <blockquote className={cx('what')} dir="auto">
          {message.body.slice(0, 300)}
        </blockquote>
        <p className={cx('note')}>
          {t('forward.text')} {message.protection !== 'none' && t('forward.encrypted')}
        </p>
        <Field
          label={t('forward.search')}
          value={query}
          onValue={setQuery}
          onKeyDown={chooseOnly}
          autoFocus
          autoCapitalize="off"
          spellCheck={false}
        />
        <Targets targets={visible} chosen={chosen} full={chosen.size >= MAX_TARGETS} onToggle={toggle} />
        {error !== undefined && <Alert>{describeError(t, error)}</Alert>}
        <DialogButtons>
          <span className={cx('count')} role="status">
            {chosen.size > 0 && t('forward.chosen', { count: chosen.size })}
          </span>
          <Button onClick={onClose}>{t('common.cancel')}</Button>
          <Button kind="primary" submit busy={busy} disabled={chosen.size === 0}>
            {t('forward.do')}
          </Button>
        </DialogButtons>
      </DialogForm>
    </Dialog>
  );
};

interface Forwarding {
  readonly chosen: ReadonlyMap<string, Target>;
  readonly toggle: (target: Target) => void;
  readonly forward: () => void;
  /** To how many it has gone; the dialog says so where there is no one chat to open. */
  readonly sentTo: number;
  readonly error: ErrorCode | undefined;
  readonly busy: boolean;
}

const useForward = (message: MessageView, onClose: () => void): Forwarding => {
  const { api, timeline } = useApp();
  const startChat = useStartChat();
  const [chosen, setChosen] = useState<ReadonlyMap<string, Target>>(new Map());
  const [sentTo, setSentTo] = useState(0);
  const { error, busy, run } = useCommand(() => undefined);
  const send = async (): Promise<void> => {
    const to = [...chosen.values()].map(({ accountId, jid }) => ({ accountId, jid }));
    const { rows } = await api.messages.forward({ messageId: message.id, to });
    timeline.upsert(rows);
    const [first, ...others] = to;
    // One chat shows it. Where it does not open, the message is on its way all the same.
    const isShown =
      first !== undefined &&
      others.length === 0 &&
      (await startChat(first.accountId, first.jid).then(
        () => true,
        () => false,
      ));
    if (isShown) onClose();
    else setSentTo(rows.length);
  };
  return {
    chosen,
    toggle: (target) => {
      const next = new Map(chosen);
      if (!next.delete(target.key)) next.set(target.key, target);
      setChosen(next);
    },
    forward: () => run(send()),
    ...{ sentTo, error, busy },
  };
};

const useTargets = (message: MessageView): readonly Target[] => {
  const chats = useChats((state) => state);
  const contacts = usePeople((people) => people.contacts);
  return useMemo(() => targetsOf(chats, contacts.values(), message.chatId), [chats, contacts, message]);
};

interface TargetsProps {
  readonly targets: readonly Target[];
  readonly chosen: ReadonlyMap<string, Target>;
  /** No more can be chosen. */
  readonly full: boolean;
  readonly onToggle: (target: Target) => void;
}

const Targets = ({ targets, chosen, full, onToggle }: TargetsProps): ReactNode => {
  const { t } = useTranslation();
  const accounts = usePeople((people) => people.accounts);
  return (
    <div className={cx('targets')} role="group" aria-label={t('forward.to')}>
      {targets.map((target) => {
        const own = accounts.size > 1 ? accounts.get(target.accountId)?.jid : undefined;
        const name = displayName(target.name, target.jid);
        const on = chosen.has(target.key);
        return (
          <label key={target.key} className={cx('target', on && 'on')}>
            <input type="checkbox" checked={on} disabled={full && !on} onChange={() => onToggle(target)} />
            <Avatar name={name} jid={target.jid} />
            <span className={cx('who')}>
              <span className={cx('name')}>
                <Line>{name}</Line>
              </span>
              <span className={cx('more')}>
                <bdi>{displayName(target.jid)}</bdi>
                {own !== undefined && ` · ${t('forward.from', { jid: displayName(own) })}`}
              </span>
            </span>
          </label>
        );
      })}
      {targets.length === 0 && <p className={cx('none')}>{t('forward.noMatch')}</p>}
    </div>
  );
};

const Done = ({ count, onClose }: { count: number; onClose: () => void }): ReactNode => {
  const { t } = useTranslation();
  return (
    <Dialog title={t('forward.title')} onClose={onClose}>
      <p role="status">{t('forward.done', { count })}</p>
      <DialogButtons>
        <Button autoFocus kind="primary" onClick={onClose}>
          {t('common.close')}
        </Button>
      </DialogButtons>
    </Dialog>
  );
};
