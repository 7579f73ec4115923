import { Plus } from 'lucide-react';
import { useState, type ReactNode, type RefObject } from 'react';
import { Button, Dialog, Popover, ToggleButton, Toolbar } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import { emojiKey } from '#shared/emoji.ts';
import type { MessageView } from '#shared/views.ts';
import { useApp } from '../../app-context.tsx';
import { classes } from '../../ui/classes.ts';
import { EmojiPopover } from '../emoji/EmojiPopover.tsx';
import styles from './Reactions.module.css';

const cx = classes(styles);

/** What people answer with most. */
const QUICK = ['👍', '❤️', '😂', '😮', '😢', '🙏'] as const;

interface ReactionPickerProps {
  readonly message: MessageView;
  readonly anchor: RefObject<HTMLElement | null>;
  readonly onClose: () => void;
}

/**
 * A row of emoji to answer with, and the way to all others. One that the user has chosen already is pressed, and
 * goes by another press.
 */
export const ReactionPicker = ({ message, anchor, onClose }: ReactionPickerProps): ReactNode => {
  const { t } = useTranslation();
  const { api, run, timeline } = useApp();
  const [all, setAll] = useState(false);
  const mine = (message.reactions ?? []).filter((reaction) => reaction.mine);
  const react = (emoji: string, on: boolean): void =>
    run(api.messages.react({ messageId: message.id, emoji, on }).then((row) => timeline.upsert([row])));
  if (all) {
    const label = t('message.react');
    return (
      <EmojiPopover anchor={anchor} label={label} onPick={(emoji) => react(emoji, true)} onClose={onClose} />
    );
  }
  return (
    <Popover
      isOpen
      triggerRef={anchor}
      placement="top"
      className={cx('popover')}
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
    >
      <Dialog className={cx('dialog')} aria-label={t('message.react')}>
        <Toolbar className={cx('quick')} aria-label={t('message.react')}>
          {QUICK.map((emoji, index) => {
            // Others may have sent it without the presentation selector: it is taken away as it was chosen.
            const chosen = mine.find((reaction) => emojiKey(reaction.emoji) === emojiKey(emoji));
            return (
              <ToggleButton
                key={emoji}
                className={cx('choice')}
                aria-label={t('message.reactWith', { emoji })}
                autoFocus={index === 0}
                isSelected={chosen !== undefined}
                onChange={(on) => {
                  react(chosen?.emoji ?? emoji, on);
                  onClose();
                }}
              >
                {emoji}
              </ToggleButton>
            );
          })}
          <Button className={cx('choice', 'more')} aria-label={t('emoji.more')} onPress={() => setAll(true)}>
            <Plus size={18} strokeWidth={1.9} />
          </Button>
        </Toolbar>
      </Dialog>
    </Popover>
  );
};
