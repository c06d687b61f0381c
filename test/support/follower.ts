/** A program that follows the transactions of a node, and goes on from where it was. */

import assert from 'node:assert/strict';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { addBlock } from './block-maker.js';
import { askStatus, makeIds } from './client.js';
import { makeTransaction, until } from './helpers.js';
import { withNetwork } from './network.js';
import type { RunningNode } from './program.js';

export class Follower {
  readonly lines: { place: number; block: number | null; id: string }[] = [];
  #place: number | undefined;
  #request: ClientRequest | undefined;
  #isOpen = false;

  /** The ids of the transactions, in the order in which they came. */
  get ids(): string[] {
    return this.lines.map(({ id }) => id);
  }

  /** Begins, or goes on, and waits until the node says from where. */
  async follow(node: RunningNode, place = this.#place): Promise<void> {
    this.close();
    const after = place === undefined ? '' : `&after=${place}`;
    this.#request = request(`http://localhost:${node.port}/transactions?follow${after}`);
    this.#request.on('error', () => {});
    this.#request.on('response', (response) => this.#read(response));
    this.#request.end();
    await until('an answer', () => this.#isOpen);
  }

  close(): void {
    this.#request?.destroy();
    this.#isOpen = false;
  }

  #read(response: IncomingMessage): void {
    let rest = '';
    response.on('error', () => {});
    response.setEncoding('utf8').on('data', (text: string) => {
      const lines = `${rest}${text}`.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line !== '') this.#take(JSON.parse(line));
    });
  }

  #take({ place, block, transaction }: Record<string, unknown>): void {
    this.#isOpen = true;
    this.#place = Number(place);
    if (transaction === null) return;
    const { id } = transaction as { id: string };
    this.lines.push({ place: this.#place, block: block as number | null, id });
  }
}

/** Follows a node that is killed so many times, and in whose chain there are more and more blocks. */
export function followThroughKills(rounds: number): Promise<void> {
  return withNetwork(async (network) => {
    let node = await network.startNode();
    await askStatus(node.address, makeTransaction('before'));
    const follower = new Follower();
    await follower.follow(node);
    const sent: string[] = [];
    for (let round = 0; round < rounds; round++) {
      for (const id of makeIds(`round ${round} `, 20)) {
        await askStatus(node.address, makeTransaction(id));
        sent.push(id);
      }
      // Some of them are read before they are in a block, others after it.
      await addBlock(node);
      await node.end('SIGKILL');
      node = await network.restart(node);
      await askStatus(node.address, makeTransaction(`away ${round}`));
      sent.push(`away ${round}`);
      await follower.follow(node);
    }
    await until(
      () => `${sent.length} transactions, not ${follower.ids.length}`,
      () => follower.ids.length >= sent.length,
    );
    assert.deepEqual(follower.ids, sent);
    follower.close();
  });
}
