import { memo, useState, type MouseEvent, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useApp } from '../../app-context.tsx';
import { classes } from '../../ui/classes.ts';
import styles from './MessageBody.module.css';
import { findLinks, readMessageText, type TextPart } from './message-text.ts';
import { StyledText } from './StyledText.tsx';

const cx = classes(styles);

/** The text of a message: links as links, everything else as the characters it is. */
export const MessageBody = memo(({ body, author }: { body: string; author: string }): ReactNode => {
  const { t } = useTranslation();
  const [full, setFull] = useState(false);
  const { action, emoji, parts, styled, shortened } = readMessageText(body, full);
  return (
    <>
      <div dir="auto" className={cx('text', action && 'action', emoji > 0 && (emoji <= 3 ? 'huge' : 'big'))}>
        {action && (
          <>
            * <bdi>{author}</bdi>{' '}
          </>
        )}
        {styled === undefined ? <Parts parts={parts} /> : <StyledText blocks={styled} plain={withLinks} />}
      </div>
      {(shortened || full) && (
        <button type="button" className={cx('more')} onClick={() => setFull(!full)}>
          {t(full ? 'message.showLess' : 'message.showAll')}
        </button>
      )}
    </>
  );
});
MessageBody.displayName = 'MessageBody';

const Parts = ({ parts }: { parts: readonly TextPart[] }): ReactNode =>
  parts.map((part, index) => (
    // Parts of one text never move.
    <Part key={index} part={part} />
  ));

const withLinks = (text: string): ReactNode => <Parts parts={findLinks(text)} />;

const Part = ({ part }: { part: TextPart }): ReactNode => {
  const { t } = useTranslation();
  const { api, run } = useApp();
  if (part.kind === 'text') return part.text;
  // The window goes nowhere; main opens the link in the system's own program.
  const open = (event: MouseEvent): void => {
    event.preventDefault();
    if (event.button <= 1) run(api.app.openLink({ url: part.url }));
  };
  return (
    <a
      href={part.url}
      target="_blank"
      rel="noopener noreferrer nofollow"
      dir="ltr"
      data-tip={t('message.linkTo', { url: part.url })}
      onClick={open}
      onAuxClick={open}
    >
      {part.text}
    </a>
  );
};
