// @vitest-environment happy-dom
import { act, fireEvent, screen } from '@testing-library/react';
import { afterEach, describe, expect, it } from 'vitest';
import { AppError, type ErrorCode, type ErrorDetail } from '#shared/errors.ts';
import { closeWindows, openWindow, settle, type TestWindow } from './support/window.tsx';

afterEach(closeWindows);

const certificate = {
  step: 'tls',
  fingerprint256: `7A:3F:09:C1:5B${':AB'.repeat(27)}`,
  spki: `${'A'.repeat(43)}=`,
  subject: 'CN=example.org',
  issuer: 'CN=Example authority',
  validFrom: Date.UTC(2025, 0, 1),
  validTo: Date.UTC(2027, 2, 2),
};

const openLogin = async (code?: ErrorCode, detail?: ErrorDetail): Promise<TestWindow> => {
  let error =
    code === undefined ? undefined : new AppError(code, 'for the log only', { ...(detail && { detail }) });
  const opened = await openWindow(
    {},
    {
      overrides:
        code === undefined
          ? {}
          : {
              accounts: {
                add: ({ trustSpki }) => {
                  if (trustSpki !== undefined) error = undefined;
                  throw error ?? new AppError('auth-failed', 'for the log only');
                },
              },
            },
    },
  );
  fireEvent.click(screen.getByRole('button', { name: /^Log in/ }));
  return opened;
};

const fill = (label: string, value: string): void => {
  fireEvent.change(screen.getByLabelText(label), { target: { value } });
};

const logIn = async (): Promise<void> => {
  fill('XMPP address', 'Ada@Example.org');
  fill('Password', 'secret');
  fireEvent.click(screen.getByRole('button', { name: 'Log in' }));
  await settle();
};

/** What a screen reader says about a field besides its name. */
const errorOf = (label: string): string => {
  const field = screen.getByLabelText(label);
  const id = field.getAttribute('aria-describedby') ?? '';
  return field.getAttribute('aria-invalid') === 'true'
    ? (document.getElementById(id)?.textContent ?? '')
    : '';
};

describe('the first start', () => {
  it('says what the app is and which ways in there are', async () => {
    await openWindow();
    expect(screen.getByRole('heading', { level: 1 }).textContent).toBe(
      'Private chat, on any server you like',
    );
    expect(screen.getByText('Create an account').parentElement?.textContent).toMatch(/later version/);
    expect(screen.getByText('Open an invitation').parentElement?.textContent).toMatch(/later version/);
  });
});

describe('logging in', () => {
  it('sends what was typed, without what was left empty', async () => {
    const { backend } = await openLogin();
    await logIn();
    expect(backend.callsOf('accounts.add')).toEqual([
      { jid: 'ada@example.org', password: 'secret', directTls: false },
    ]);
    expect(screen.getByRole('heading', { name: 'Chats' })).toBeTruthy();
  });

  it('sends host, port and direct TLS where they are given', async () => {
    const { backend } = await openLogin();
    fireEvent.click(screen.getByRole('button', { name: /Advanced/ }));
    fill('Host', ' xmpp.example.org ');
    fill('Port', '5223');
    fireEvent.click(screen.getByRole('switch', { name: 'Direct TLS' }));
    await logIn();
    expect(backend.callsOf('accounts.add')).toEqual([
      { jid: 'ada@example.org', password: 'secret', directTls: true, host: 'xmpp.example.org', port: 5223 },
    ]);
  });

  it('finds what is missing before anything is sent', async () => {
    const { backend } = await openLogin();
    fireEvent.click(screen.getByRole('button', { name: /Advanced/ }));
    fill('XMPP address', 'ada at example');
    fill('Port', '70000');
    fireEvent.click(screen.getByRole('button', { name: 'Log in' }));
    await settle();
    expect(errorOf('XMPP address')).toContain('This is not an XMPP address.');
    expect(errorOf('Password')).toBe('Enter the password.');
    expect(errorOf('Port')).toBe('A port is a number from 1 to 65535.');
    expect(backend.callsOf('accounts.add')).toEqual([]);
  });

  it.each<[ErrorCode, string, string]>([
    ['auth-failed', 'Password', 'does not accept this password'],
    ['account-exists', 'XMPP address', 'already here'],
    ['host-unknown', 'XMPP address', 'not responsible'],
    ['account-disabled', 'XMPP address', 'switched this account off'],
    ['dns-failed', 'Host', 'was not found'],
    ['connection-refused', 'Host', 'refuses the connection'],
    ['connection-timeout', 'Host', 'cannot be reached'],
    ['service-unavailable', 'Host', 'offers no chat service'],
  ])('shows %s at the field "%s" and moves there', async (code, label, words) => {
    await openLogin(code, { step: 'tcp', advice: 'retry-later' });
    await logIn();
    expect(errorOf(label)).toContain(words);
    expect(document.activeElement).toBe(screen.getByLabelText(label));
    // What was typed is not lost.
    expect(screen.getByLabelText<HTMLInputElement>('Password').value).toBe('secret');
  });

  it('shows what no field is to blame for above the form, with the step at which it happened', async () => {
    await openLogin('server-not-genuine', { step: 'auth', advice: 'needs-user' });
    await logIn();
    const alert = screen.getByRole('alert').textContent;
    expect(alert).toContain('could not prove that it knows your password');
    expect(alert).toContain('It stopped while logging in.');
  });

  it('takes the old verdict away as soon as something is changed', async () => {
    await openLogin('auth-failed');
    await logIn();
    fill('Password', 'another');
    expect(errorOf('Password')).toBe('');
  });

  it('shows the password only when asked to', async () => {
    await openLogin();
    const password = screen.getByLabelText<HTMLInputElement>('Password');
    expect(password.type).toBe('password');
    fireEvent.click(screen.getByRole('button', { name: 'Show password' }));
    expect(password.type).toBe('text');
  });

  it('goes back without an account', async () => {
    await openLogin();
    fireEvent.click(screen.getByRole('button', { name: 'Cancel' }));
    expect(screen.getByText('Private chat, on any server you like')).toBeTruthy();
  });
});

describe('a certificate that no authority vouches for', () => {
  it('can be read, and trusted alone', async () => {
    const { backend } = await openLogin('certificate-untrusted', certificate);
    await logIn();
    const box = screen.getByRole('alert');
    expect(box.textContent).toContain('not signed by a known authority');
    expect(box.textContent).toContain('SHA-256 7A:3F:09:C1:5B:…');
    fireEvent.click(screen.getByRole('button', { name: 'View' }));
    expect(box.textContent).toContain('CN=example.org');
    expect(box.textContent).toContain('CN=Example authority');
    expect(box.textContent).toContain(certificate.spki);
    fireEvent.click(screen.getByRole('button', { name: 'Trust this certificate only' }));
    await settle();
    expect(backend.callsOf('accounts.add').at(-1)).toMatchObject({
      trustSpki: certificate.spki,
      password: 'secret',
    });
  });

  it.each<ErrorCode>(['certificate-expired', 'certificate-wrong-name', 'certificate-changed'])(
    'is shown for %s too',
    async (code) => {
      await openLogin(code, certificate);
      await logIn();
      expect(screen.getByRole('button', { name: 'View' })).toBeTruthy();
    },
  );

  it('is never offered for trust without its key', async () => {
    await openLogin('certificate-untrusted', { step: 'tls', advice: 'needs-user' });
    await logIn();
    expect(screen.queryByRole('button', { name: /Trust/ })).toBeNull();
    expect(screen.getByRole('alert').textContent).toContain('not signed by a known authority');
  });

  it('cannot smuggle directions into its names', async () => {
    await openLogin('certificate-untrusted', { ...certificate, subject: 'CN=\u202Egro.elpmaxe\u0000' });
    await logIn();
    fireEvent.click(screen.getByRole('button', { name: 'View' }));
    expect(screen.getByRole('alert').textContent).not.toMatch(/[\u202e\u0000]/);
  });
});

describe('several accounts', () => {
  it('are added from the rail, and adding can be cancelled', async () => {
    const { app } = await openLogin();
    await logIn();
    fireEvent.click(screen.getByRole('button', { name: 'Add an account' }));
    expect(screen.getByRole('heading', { name: 'Log in' })).toBeTruthy();
    fireEvent.click(screen.getByRole('button', { name: 'Cancel' }));
    expect(app.ui.getState().view).toBe('chats');
  });

  it('say their state in words, not only by a dot', async () => {
    const { backend } = await openLogin();
    await logIn();
    const [account] = backend.accounts.values();
    expect(screen.getByRole('button', { name: /ada@example\.org.*: Online/ })).toBeTruthy();
    await act(async () => {
      if (account !== undefined) backend.changeAccount(account.id, { phase: 'waiting' });
      await new Promise((resolve) => setImmediate(resolve));
    });
    await settle();
    expect(
      screen.getByRole('button', { name: /ada@example\.org.*: No connection, trying again soon/ }),
    ).toBeTruthy();
  });
});
