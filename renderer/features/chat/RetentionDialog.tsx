import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ChatId } from '#shared/ids.ts';
import type { ChatView, Retention } from '#shared/views.ts';
import { useApp, useChats, useSession } from '../../app-context.tsx';
import { describeError } from '../../i18n/errors.ts';
import { isolate, type Translate } from '../../i18n/translate.ts';
import { Button } from '../../ui/Button.tsx';
import { Alert } from '../../ui/Card.tsx';
import { Consequences } from '../../ui/Consequences.tsx';
import { Dialog, DialogButtons, DialogForm } from '../../ui/Dialog.tsx';
import { Field, Select } from '../../ui/Field.tsx';
import { displayName } from '../../ui/names.ts';
import { useCommand } from '../shell/use-command.ts';
import { isShorter, PROPOSED_DAYS, readDays, retentionWords } from './retention.ts';

interface RetentionDialogProps {
  /** Undefined for the rule of all chats that have none of their own. */
  readonly chatId: ChatId | undefined;
  readonly onClose: () => void;
}

/** A retention as the value of a list: `default`, `forever`, a number of days, or `other` for one to be written. */
type Choice = string;

/** How long messages are kept on this computer, in one chat or in all. */
export const RetentionDialog = ({ chatId, onClose }: RetentionDialogProps): ReactNode => {
  const { t } = useTranslation();
  const { api } = useApp();
  const chat = useChats((state) => (chatId === undefined ? undefined : state.chats.get(chatId)));
  const standard = useSession((session) => session.settings.retention);
  const { error, busy, run } = useCommand(onClose);
  const before = chat?.retention ?? standard;
  const [choice, setChoice] = useState<Choice>(String(before));
  const [days, setDays] = useState('');
  const [wrong, setWrong] = useState(false);

  const chosen = choice === 'other' ? readDays(days) : readChoice(choice);
  const applied = chosen === 'default' ? standard : chosen;
  const loses = applied !== undefined && isShorter(applied, before === 'default' ? standard : before);

  const save = (): void => {
    setWrong(chosen === undefined);
    if (chosen === undefined) return;
    if (chatId !== undefined) run(api.chats.setRetention({ chatId, retention: chosen }));
    else if (chosen !== 'default') run(api.settings.update({ retention: chosen }));
  };

  return (
    <Dialog kind={loses ? 'alert' : 'plain'} title={titleOf(t, chat)} onClose={onClose}>
      <DialogForm onSubmit={save}>
        <Select
          label={t('history.keep')}
          value={choice}
          options={optionsOf(t, chat === undefined ? undefined : standard, before)}
          onValue={setChoice}
        />
        {choice === 'other' && (
          <Field
            label={t('history.daysLabel')}
            inputMode="numeric"
            value={days}
            onValue={setDays}
            error={wrong ? t('history.daysWrong') : undefined}
            maxLength={5}
            dir="ltr"
            autoFocus
          />
        )}
        {applied !== undefined && <Consequences rows={meaning(t, applied)} />}
        {loses && <Alert>{t(chat === undefined ? 'history.losesAll' : 'history.loses')}</Alert>}
        {error !== undefined && <Alert>{describeError(t, error)}</Alert>}
        <DialogButtons>
          <Button onClick={onClose}>{t('common.cancel')}</Button>
          <Button kind={loses ? 'danger' : 'primary'} submit busy={busy}>
            {t(loses ? 'history.saveAndDelete' : 'common.save')}
          </Button>
        </DialogButtons>
      </DialogForm>
    </Dialog>
  );
};

const titleOf = (t: Translate, chat: ChatView | undefined): string =>
  chat === undefined
    ? t('history.retentionTitleAll')
    : t('history.retentionTitle', { name: isolate(displayName(chat.name, chat.jid)) });

/** @param standard the rule of the settings, where it can be chosen */
const optionsOf = (
  t: Translate,
  standard: Retention | undefined,
  before: 'default' | Retention,
): readonly (readonly [Choice, string])[] => {
  const offered = new Set<Retention>(['forever', ...PROPOSED_DAYS, 0]);
  if (before !== 'default') offered.add(before);
  const days = [...offered].toSorted((a, b) => order(b) - order(a));
  return [
    ...(standard === undefined
      ? []
      : [['default', t('history.asSettings', { retention: retentionWords(t, standard) })] as const]),
    ...days.map((retention) => [String(retention), retentionWords(t, retention)] as const),
    ['other', t('history.otherDays')],
  ];
};

const order = (retention: Retention): number => (retention === 'forever' ? Infinity : retention);

const readChoice = (choice: Choice): 'default' | Retention | undefined => {
  if (choice === 'default' || choice === 'forever') return choice;
  return choice === 'other' ? undefined : Number(choice);
};

const meaning = (t: Translate, retention: Retention): readonly (readonly [string, string])[] => [
  [t('history.here'), hereMeans(t, retention)],
  [t('history.elsewhere'), t('history.elsewhereKeeps')],
];

const hereMeans = (t: Translate, retention: Retention): string => {
  if (retention === 'forever') return t('history.foreverMeans');
  return retention === 0 ? t('history.noneMeans') : t('history.daysMeans', { count: retention });
};
