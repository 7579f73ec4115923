/**
 * Joins class names of a CSS module: `const cx = classes(styles)`, then `cx('row', selected && 'on')`.
 * Names that are false or undefined are left out.
 */
export const classes =
  (styles: Readonly<Record<string, string>>) =>
  (...names: readonly (string | false | undefined)[]): string =>
    names.flatMap((name) => (name === undefined || name === false ? [] : [styles[name] ?? ''])).join(' ');
