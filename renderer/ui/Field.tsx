import { Eye, EyeOff, TriangleAlert } from 'lucide-react';
import { useId, useState, type ComponentProps, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import styles from './Field.module.css';
import { classes } from './classes.ts';

const cx = classes(styles);

interface FieldProps extends Omit<ComponentProps<'input'>, 'className' | 'id' | 'onChange'> {
  readonly label: string;
  readonly value: string;
  readonly onValue: (value: string) => void;
  readonly hint?: string | undefined;
  /** What is wrong with this field; announced, and joined to the field for screen readers. */
  readonly error?: string | undefined;
  readonly after?: ReactNode;
}

/** A labelled line of text, with its hint or its error below. */
export const Field = ({ label, onValue, hint, error, after, ...input }: FieldProps): ReactNode => {
  const id = useId();
  const described = error !== undefined || hint !== undefined ? `${id}-more` : undefined;
  return (
    <div className={cx('field')}>
      <label htmlFor={id}>{label}</label>
      <div className={cx('line', error !== undefined && 'wrong')}>
        <input
          {...input}
          id={id}
          aria-invalid={error !== undefined}
          aria-describedby={described}
          onChange={(event) => onValue(event.currentTarget.value)}
        />
        {after}
      </div>
      <FieldNote id={`${id}-more`} hint={hint} error={error} />
    </div>
  );
};

/** The error of a control, or its hint while there is none. */
export const FieldNote = ({
  id,
  hint,
  error,
}: {
  id: string;
  hint?: string | undefined;
  error?: string | undefined;
}): ReactNode => (
  <div id={id} aria-live="polite" className={cx('note', error !== undefined && 'error')}>
    {error === undefined ? hint : <TriangleAlert size={14} strokeWidth={1.9} />}
    {error !== undefined && <span>{error}</span>}
  </div>
);

/** A password that can be shown: typing blind is where wrong passwords come from. */
export const PasswordField = (props: Omit<FieldProps, 'type' | 'after'>): ReactNode => {
  const { t } = useTranslation();
  const [shown, setShown] = useState(false);
  const label = t(shown ? 'common.hidePassword' : 'common.showPassword');
  const Icon = shown ? EyeOff : Eye;
  return (
    <Field
      {...props}
      type={shown ? 'text' : 'password'}
      spellCheck={false}
      autoCapitalize="off"
      dir="ltr"
      after={
        <button
          type="button"
          className={cx('reveal')}
          aria-label={label}
          data-tip={label}
          onClick={() => setShown(!shown)}
        >
          <Icon size={16} strokeWidth={1.9} />
        </button>
      }
    />
  );
};

interface SelectProps<V extends string> {
  readonly label: string;
  /** The label is read out but not drawn; something beside it says the same. */
  readonly labelHidden?: boolean;
  readonly value: V;
  readonly options: readonly (readonly [value: V, name: string])[];
  readonly onValue: (value: V) => void;
}

/** One of a few. The system's own list opens: it is complete for keyboard and screen reader. */
export const Select = <V extends string>({
  label,
  labelHidden,
  value,
  options,
  onValue,
}: SelectProps<V>): ReactNode => {
  const id = useId();
  return (
    <div className={cx('field')}>
      {labelHidden !== true && <label htmlFor={id}>{label}</label>}
      <select
        id={id}
        className={cx('select')}
        aria-label={labelHidden === true ? label : undefined}
        value={value}
        // The only values are those of the options above.
        onChange={(event) => onValue(event.currentTarget.value as V)}
      >
        {options.map(([key, name]) => (
          <option key={key} value={key}>
            {name}
          </option>
        ))}
      </select>
    </div>
  );
};

interface SwitchProps {
  readonly label: string;
  readonly hint?: string;
  readonly checked: boolean;
  readonly disabled?: boolean;
  readonly onChange: (checked: boolean) => void;
}

/** On or off, taking effect at once. */
export const Switch = ({ label, hint, checked, disabled, onChange }: SwitchProps): ReactNode => {
  const id = useId();
  return (
    <label className={cx('switchRow')}>
      <span className={cx('switchText')}>
        {label}
        {hint !== undefined && (
          <span id={id} className={cx('hint')}>
            {hint}
          </span>
        )}
      </span>
      <input
        type="checkbox"
        role="switch"
        aria-checked={checked}
        className={cx('switch')}
        checked={checked}
        disabled={disabled}
        aria-label={label}
        aria-describedby={hint === undefined ? undefined : id}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
    </label>
  );
};
