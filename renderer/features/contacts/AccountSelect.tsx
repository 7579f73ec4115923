import { useState, type ReactNode } from 'react';
import type { AccountId } from '#shared/ids.ts';
import { usePeople } from '../../app-context.tsx';
import { Select } from '../../ui/Field.tsx';
import { displayName } from '../../ui/names.ts';

export interface AccountChoice {
  readonly id: AccountId | undefined;
  readonly options: readonly (readonly [id: AccountId, jid: string])[];
  readonly choose: (id: AccountId) => void;
}

/** Which account does it; the first one that is online, until the user chooses. */
export const useAccountChoice = (initial?: AccountId): AccountChoice => {
  const accounts = usePeople((people) => people.accounts);
  const [chosen, setChosen] = useState(initial);
  const all = [...accounts.values()];
  const first = all.find(({ phase }) => phase === 'online') ?? all[0];
  return {
    id: chosen ?? first?.id,
    options: all.map(({ id, jid }) => [id, displayName(jid)]),
    choose: setChosen,
  };
};

/** Asks only where there is a choice. */
export const AccountSelect = ({ label, choice }: { label: string; choice: AccountChoice }): ReactNode =>
  choice.id !== undefined && choice.options.length > 1 ? (
    <Select label={label} value={choice.id} options={choice.options} onValue={choice.choose} />
  ) : undefined;
