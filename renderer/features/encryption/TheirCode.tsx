import { ImageUp } from 'lucide-react';
import { useRef, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { TranslationKey } from '../../i18n/translate.ts';
import { Button } from '../../ui/Button.tsx';
import { Alert } from '../../ui/Card.tsx';
import { classes } from '../../ui/classes.ts';
import { DialogForm } from '../../ui/Dialog.tsx';
import { Field } from '../../ui/Field.tsx';
import styles from './Code.module.css';
import { useReading, type Reading, type ReadingProblem } from './use-reading.ts';

const cx = classes(styles);

const problemWords: Readonly<Record<ReadingProblem, TranslationKey>> = {
  'no-code': 'codes.noCode',
  'no-picture': 'codes.noPicture',
  'too-large': 'codes.tooLarge',
  'no-link': 'codes.noLink',
};

/** A code of somebody else, as a picture or a link: the window has no camera, by design. */
export const TheirCode = ({ onLink }: { onLink: (link: string) => void }): ReactNode => {
  const { t } = useTranslation();
  const [isOver, setOver] = useState(false);
  const reading = useReading(onLink);
  const { problem, busy, take, takeText } = reading;
  return (
    <div
      role="group"
      aria-label={t('codes.theirs')}
      className={cx('theirs', isOver && 'over')}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        // What was dropped was meant for here: if it is nothing, that is said.
        if (!take(event.dataTransfer)) takeText(event.dataTransfer.getData('text/plain'));
      }}
    >
      <div className={cx('head')}>
        <p className={cx('name')}>{t('codes.theirs')}</p>
        <PictureChooser {...reading} />
      </div>
      <p className={cx('hint')}>{t('codes.theirsHow')}</p>
      <LinkForm {...reading} />
      {busy && <p role="status">{t('codes.reading')}</p>}
      {problem !== undefined && <Alert>{t(problemWords[problem])}</Alert>}
    </div>
  );
};

const PictureChooser = ({ busy, takePicture }: Pick<Reading, 'busy' | 'takePicture'>): ReactNode => {
  const { t } = useTranslation();
  const chooser = useRef<HTMLInputElement>(null);
  return (
    <>
      <Button small kind="primary" icon={ImageUp} busy={busy} onClick={() => chooser.current?.click()}>
        {t('codes.open')}
      </Button>
      <input
        ref={chooser}
        type="file"
        hidden
        accept="image/png,image/jpeg,image/webp"
        aria-label={t('codes.open')}
        onChange={({ currentTarget }) => {
          const [file] = currentTarget.files ?? [];
          if (file !== undefined) takePicture(file);
          // The same file can be chosen again.
          currentTarget.value = '';
        }}
      />
    </>
  );
};

const LinkForm = ({ takeText }: Pick<Reading, 'takeText'>): ReactNode => {
  const { t } = useTranslation();
  const [text, setText] = useState('');
  return (
    <DialogForm onSubmit={() => takeText(text)}>
      <div className={cx('line')}>
        <Field
          label={t('codes.link')}
          value={text}
          onValue={setText}
          placeholder="xmpp:…"
          dir="ltr"
          spellCheck={false}
          autoComplete="off"
        />
        <Button submit>{t('codes.read')}</Button>
      </div>
    </DialogForm>
  );
};
