import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { MessageView, ReactionView } from '#shared/views.ts';
import { useApp, useChats } from '../../app-context.tsx';
import { classes } from '../../ui/classes.ts';
import { canReact } from './actions.ts';
import styles from './Reactions.module.css';

const cx = classes(styles);

/** What people answered with: a press on one adds or takes away one's own. */
export const Reactions = ({
  message,
  reactions,
}: {
  message: MessageView;
  reactions: readonly ReactionView[];
}): ReactNode => {
  const { t } = useTranslation();
  const { api, run, timeline } = useApp();
  // A stranger learns nothing before they are accepted.
  const silent = useChats((state) => state.chats.get(message.chatId)?.standing !== 'open');
  return (
    <ul className={cx('reactions')} aria-label={t('message.reactions')}>
      {reactions.map(({ emoji, count, mine }) => (
        <li key={emoji}>
          <button
            type="button"
            className={cx('reaction', mine && 'mine')}
            aria-pressed={mine}
            aria-label={t('message.reaction', { emoji, count })}
            disabled={silent || !canReact(message)}
            onClick={() =>
              run(
                api.messages
                  .react({ messageId: message.id, emoji, on: !mine })
                  .then((row) => timeline.upsert([row])),
              )
            }
          >
            <span aria-hidden="true">
              {emoji} {count}
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
};
