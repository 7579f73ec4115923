import type { ContactView } from '#shared/views.ts';
import { fold } from '../../state/chats.ts';

const byName = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

/** Contacts whose name or address has every word of the query, by name. */
export const visibleContacts = (contacts: Iterable<ContactView>, query: string): readonly ContactView[] => {
  const words = fold(query)
    .split(/\s+/u)
    .filter((word) => word !== '');
  return [...contacts]
    .filter((contact) => {
      const text = fold(`${contact.name} ${contact.jid}`);
      return words.every((word) => text.includes(word));
    })
    .toSorted((a, b) => byName.compare(a.name, b.name) || a.jid.localeCompare(b.jid));
};
