/**
 * XEP-0004: Data Forms, version 2.13.2 — https://xmpp.org/extensions/xep-0004.html
 * with the hidden FORM_TYPE of XEP-0068. Only the filled-in form that a program sends.
 */
import { xml, type Element } from '../stanza.ts';

const DATA_FORM = 'jabber:x:data';

/** Field name and values; fields without a value are left out. */
export type FormFields = readonly (readonly [name: string, value: string | readonly string[] | undefined])[];

/** A form of type submit (section 3.1), its fields in the given order. */
export const submitForm = (formType: string, fields: FormFields): Element =>
  xml(
    'x',
    { xmlns: DATA_FORM, type: 'submit' },
    xml('field', { var: 'FORM_TYPE', type: 'hidden' }, xml('value', {}, formType)),
    fields.flatMap(([name, value]) => {
      const values = typeof value === 'string' ? [value] : (value ?? []);
      return values.length === 0
        ? []
        : [
            xml(
              'field',
              { var: name },
              values.map((one) => xml('value', {}, one)),
            ),
          ];
    }),
  );
