/** A stream that does what the test says, since jsdom has none. */
export class Stream extends EventTarget {
  static readonly CLOSED = 2;
  static opened: Stream[] = [];
  readyState = 1;

  constructor(readonly url: string) {
    super();
    Stream.opened.push(this);
  }

  close() {
    this.readyState = Stream.CLOSED;
  }

  tell(name: string, value: unknown, lastEventId: string) {
    this.dispatchEvent(new MessageEvent(name, { data: JSON.stringify(value), lastEventId }));
  }
}
