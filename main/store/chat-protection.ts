import type { ChatId } from '#shared/ids.ts';
import type { ProtectionChoice } from '#shared/omemo.ts';
import type { Database } from './database.ts';

/** How the user wants the messages of a chat to be protected. */
export class ChatProtectionStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Undefined where the user has not said anything about this chat. */
  choice(chatId: ChatId): ProtectionChoice | undefined {
    const sql = 'SELECT choice FROM chat_protection WHERE chat_id = $chatId';
    return this.#database.one<{ choice: ProtectionChoice }>(sql, { chatId })?.choice;
  }

  setChoice(chatId: ChatId, choice: ProtectionChoice): void {
    this.#database.run(
      `INSERT INTO chat_protection (chat_id, choice) VALUES ($chatId, $choice)
       ON CONFLICT (chat_id) DO UPDATE SET choice = $choice`,
      { chatId, choice },
    );
  }
}
