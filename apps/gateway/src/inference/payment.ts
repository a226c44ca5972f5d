import type { Outcome } from '@gatewayz/provider-health';
import type { Bill } from '../billing/bill.ts';
import type { Billing } from '../billing/billing.ts';
import type { ApiErrorDetails } from '../http/api-error.ts';
import type { Exchange } from './exchange.ts';

/** One question to the ledger, by `performance.now()`. */
export interface LedgerTime {
  readonly operation: 'reserve';
  readonly startMs: number;
  readonly endMs: number;
}

const NONE: readonly LedgerTime[] = [];

/** What one exchange has to do with money. */
export class Payment {
  /** Whether credit has been reserved. */
  isReserved = false;
  /** What it cost; null where there is nothing to pay for, or not yet. */
  bill: Bill | null = null;
  /** Whether it waits for the ledger, or for the disk. */
  isPending = false;
  times: readonly LedgerTime[] = NONE;
  readonly #billing: Billing;

  constructor(billing: Billing) {
    this.#billing = billing;
  }

  /** Tells why the request may not begin, or null: at once where nobody pays. */
  admit(exchange: Exchange, then: (refusal: ApiErrorDetails | null) => void): void {
    const asked = this.#billing.admit(exchange);
    if (asked === null) then(null);
    else {
      const startMs = performance.now();
      this.#wait(asked, (refusal) => {
        this.times = [{ operation: 'reserve', startMs, endMs: performance.now() }];
        then(refusal);
      });
    }
  }

  /** Charges what there is to pay and goes on when that is written down: at once where nobody has to wait for it. */
  settle(exchange: Exchange, outcome: Outcome, then: () => void): void {
    const paid = this.#billing.settle(exchange, outcome);
    if (paid === null) then();
    else this.#wait(paid, then);
  }

  #wait<T>(asked: Promise<T>, then: (answer: T) => void): void {
    this.isPending = true;
    void asked.then((answer) => {
      this.isPending = false;
      then(answer);
    });
  }
}
