import { expect, type Locator, type Page } from '@playwright/test';

export interface LoginFields {
  readonly jid: string;
  readonly password: string;
  readonly host?: string;
  readonly port?: number;
}

/** The window as its user knows it: what to press, by the names that can be read there. English texts. */
export class AppWindow {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  /** The line below the chats that says how many accounts are online. */
  get online(): Locator {
    return this.page.getByText(/^\d+ accounts? online/);
  }

  get composer(): Locator {
    return this.page.getByRole('textbox', { name: /^Message to/ });
  }

  get chats(): Locator {
    return this.page.getByRole('list', { name: 'List of chats' });
  }

  get timeline(): Locator {
    return this.page.getByRole('feed', { name: 'Messages' });
  }

  /** Why nothing comes and goes just now. */
  get banner(): Locator {
    return this.conversation.locator('[class*=banner]');
  }

  get conversation(): Locator {
    return this.page.getByRole('main');
  }

  button(name: string | RegExp, within: Page | Locator = this.page): Locator {
    return within.getByRole('button', { name, ...(typeof name === 'string' ? { exact: true } : {}) });
  }

  field(name: string): Locator {
    return this.page.getByLabel(name, { exact: true });
  }

  /** The sentence below a field: its error, or its hint. */
  async noteOf(name: string): Promise<string> {
    const id = await this.field(name).getAttribute('aria-describedby');
    return id === null ? '' : ((await this.page.locator(`[id="${id}"]`).textContent()) ?? '');
  }

  /** First start without a keychain. */
  async createProfile(passphrase: string): Promise<void> {
    await this.field('Passphrase').fill(passphrase);
    await this.field('Repeat the passphrase').fill(passphrase);
    await this.button('Create and open').click();
    await expect(this.field('Repeat the passphrase')).toHaveCount(0, { timeout: 15_000 });
  }

  /** A later start of such a profile. */
  async unlock(passphrase: string): Promise<void> {
    await this.field('Passphrase').fill(passphrase);
    await this.button('Open').click();
  }

  /** From the first screen, or from the rail of a window with accounts. */
  async openLogin(): Promise<void> {
    await this.page
      .getByRole('button', { name: /^(Log in|Add an account)/ })
      .first()
      .click();
    await expect(this.page.getByRole('heading', { name: 'Log in' })).toBeVisible();
  }

  /** Fills the login form and sends it; says nothing about how that ends. */
  async logIn({ jid, password, host, port }: LoginFields): Promise<void> {
    await this.field('XMPP address').fill(jid);
    await this.field('Password').fill(password);
    if (host !== undefined || port !== undefined) {
      const advanced = this.button('Advanced: host, port, direct TLS');
      if ((await advanced.getAttribute('aria-expanded')) !== 'true') await advanced.click();
      await this.field('Host').fill(host ?? '');
      await this.field('Port').fill(port === undefined ? '' : String(port));
    }
    await this.button('Log in').click();
  }

  async goTo(view: 'Chats' | 'Contacts' | 'Settings'): Promise<void> {
    await this.page
      .getByRole('navigation', { name: 'Accounts and views' })
      .getByRole('button', { name: view })
      .click();
  }

  /** The row of a chat in the list. */
  chat(name: string): Locator {
    return this.chats.getByRole('button').filter({ hasText: name });
  }

  async openChat(name: string): Promise<void> {
    await this.chat(name).click();
    await expect(this.composer).toBeFocused();
  }

  /** The row of a contact in the list. */
  contact(name: string): Locator {
    return this.page
      .getByRole('list', { name: 'List of contacts' })
      .getByRole('button')
      .filter({ hasText: name });
  }

  async acceptRequest(jid: string): Promise<void> {
    await this.goTo('Contacts');
    await this.page.getByRole('button', { name: new RegExp(`^Accept the request of .?${jid}`) }).click();
    await expect(this.contact(jid)).toContainText('Online');
  }

  async renameContact(jid: string, name: string): Promise<void> {
    await this.goTo('Contacts');
    await this.contact(jid).click();
    await this.button('Rename', this.conversation).click();
    const dialog = this.page.getByRole('dialog');
    await dialog.getByLabel('Name').fill(name);
    await this.button('Save', dialog).click();
    await expect(this.contact(name)).toBeVisible();
  }

  /** A chat with an address, by the dialog for new ones. */
  async startChat(jid: string): Promise<void> {
    await this.goTo('Chats');
    await this.button('New chat').first().click();
    await this.page.getByLabel('Name or XMPP address').fill(jid);
    await this.button('Start chat').click();
    await expect(this.composer).toBeFocused();
  }

  /** Writes into the open chat and sends it with Enter. */
  async say(text: string): Promise<void> {
    await this.composer.fill(text);
    await this.composer.press('Enter');
    await expect(this.composer).toHaveValue('');
  }

  /** To the end of the open chat, from wherever the reader is. */
  async toNewest(): Promise<void> {
    // The button goes by itself where the end comes into view: a click must not wait for it for ever.
    await expect(async () => {
      const jump = this.button('Jump to the newest message');
      if (await jump.isVisible()) await jump.click({ timeout: 1000 });
      await expect(jump).toHaveCount(0, { timeout: 2000 });
    }).toPass();
  }

  /** A message of the open chat, by a part of its text. */
  message(text: string): Locator {
    return this.timeline.getByRole('article').filter({ hasText: text });
  }

  /** Ends the wait for the next attempt, if there still is one. */
  async tryNow(): Promise<void> {
    await expect(async () => {
      const again = this.button('Try now', this.banner);
      if (await again.isVisible()) await again.click({ timeout: 1000 });
      await expect(this.banner).toHaveCount(0, { timeout: 2000 });
    }).toPass();
  }

  /** What screen readers are told politely. */
  get announced(): Locator {
    return this.page.getByRole('log');
  }
}
