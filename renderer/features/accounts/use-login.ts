import { useState } from 'react';
import { AppError, type ErrorCode } from '#shared/errors.ts';
import { parseAccountJid } from '#shared/jid.ts';
import type { CertificateView, ConnectionStep } from '#shared/views.ts';
import { codeOf } from '../../api/client.ts';
import { useApp } from '../../app-context.tsx';
import { stepSentences } from '../../i18n/errors.ts';
import { certificateOf } from './certificate.ts';
import { placeOf, type LoginPlace } from './login-errors.ts';

/** The login form, as typed. */
export interface LoginFields {
  readonly jid: string;
  readonly password: string;
  readonly host: string;
  readonly port: string;
  readonly directTls: boolean;
}

export interface LoginFailure {
  readonly code: ErrorCode;
  readonly place: LoginPlace;
  readonly step?: ConnectionStep | undefined;
  readonly certificate?: CertificateView | undefined;
}

/** What is wrong with the fields before anything is sent. */
export interface FieldFaults {
  readonly jid: boolean;
  readonly password: boolean;
  readonly port: boolean;
}

export const faultsOf = ({ jid, password, port }: LoginFields): FieldFaults => ({
  jid: parseAccountJid(jid) === undefined,
  password: password === '',
  port: port.trim() !== '' && !(Number.isInteger(Number(port)) && Number(port) >= 1 && Number(port) <= 65535),
});

const hasFault = (faults: FieldFaults): boolean => faults.jid || faults.password || faults.port;

interface LoginForm {
  readonly fields: LoginFields;
  /** Faults show once the user has tried to log in; before, an unfinished address is no mistake. */
  readonly faults: FieldFaults | undefined;
  readonly failure: LoginFailure | undefined;
  readonly busy: boolean;
  readonly set: (change: Partial<LoginFields>) => void;
  /** @param trustSpki the key to trust from now on, after the user has seen the certificate */
  readonly submit: (trustSpki?: string) => void;
}

const toFailure = (error: unknown): LoginFailure => {
  const detail = error instanceof AppError ? error.detail : undefined;
  const code = codeOf(error);
  const certificate = certificateOf(detail);
  const step = String(detail?.['step']);
  return {
    code,
    certificate,
    place: placeOf(code, certificate),
    step: Object.hasOwn(stepSentences, step) ? (step as ConnectionStep) : undefined,
  };
};

/** Logs in; `onDone` is called once the account is there. */
export const useLogin = (onDone: () => void): LoginForm => {
  const { api } = useApp();
  const [fields, setFields] = useState<LoginFields>({
    jid: '',
    password: '',
    host: '',
    port: '',
    directTls: false,
  });
  const [tried, setTried] = useState(false);
  const [failure, setFailure] = useState<LoginFailure>();
  const [busy, setBusy] = useState(false);
  const faults = faultsOf(fields);

  const submit = (trustSpki?: string): void => {
    setTried(true);
    if (hasFault(faults) || busy) return;
    setBusy(true);
    setFailure(undefined);
    const { jid, password, host, port, directTls } = fields;
    const server = {
      ...(host.trim() === '' ? {} : { host: host.trim() }),
      ...(port.trim() === '' ? {} : { port: Number(port) }),
    };
    const trust = trustSpki === undefined ? {} : { trustSpki };
    api.accounts
      .add({ jid: jid.trim(), password, directTls, ...server, ...trust })
      .then(onDone, (error: unknown) => setFailure(toFailure(error)))
      .finally(() => setBusy(false));
  };

  return {
    fields,
    failure,
    busy,
    submit,
    faults: tried ? faults : undefined,
    set: (change) => {
      setFields((before) => ({ ...before, ...change }));
      // What was wrong may be right now; an old verdict beside a new text misleads.
      setFailure(undefined);
    },
  };
};
