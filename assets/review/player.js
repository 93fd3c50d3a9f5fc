/** The medium: plays, seeks, plays one stretch; keeps a playhead even where nothing can be played. */

const LEAD_S = 0.5;

export class Player {
  constructor(video, data, onTime, onFault) {
    this.video = video;
    this.duration = data.duration_s;
    this.from = data.from_s ?? 0; // a page of a part plays it in the whole medium
    this.end = data.from_s === null ? Infinity : data.duration_s;
    this.time = 0;
    this.until = null;
    this.usable = false;
    this.onTime = onTime;
    video.addEventListener("error", () => {
      this.usable = false;
      onFault();
    });
    for (const kind of ["seeked", "timeupdate", "pause"]) {
      video.addEventListener(kind, () => this.follow());
    }
    video.addEventListener("loadedmetadata", () => {
      if (this.from + this.time) this.go();
    });
    video.addEventListener("play", () => this.run());
  }

  load(address) {
    this.usable = true;
    this.video.src = address;
  }

  get playing() {
    return this.usable && !this.video.paused;
  }

  /** Second of the page at which the medium is. */
  get played() {
    return Math.min(Math.max(this.video.currentTime - this.from, 0), this.end);
  }

  go() {
    this.video.currentTime = this.from + this.time;
  }

  follow() {
    if (this.usable && this.video.readyState > 0 && !this.video.seeking) this.time = this.played;
    this.onTime();
  }

  /** While it plays, the playhead follows every frame, and a stretch ends where it should. */
  run() {
    const step = () => {
      if (this.played >= (this.until ?? this.end)) {
        this.until = null;
        this.video.pause();
      }
      this.follow();
      if (!this.video.paused) requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  }

  seek(time) {
    this.until = null;
    this.time = Math.min(Math.max(time, 0), this.duration);
    if (this.usable) this.go();
    this.onTime();
  }

  toggle() {
    this.until = null;
    if (!this.usable) return;
    if (this.video.paused) {
      if (this.time >= this.end) this.seek(0);
      this.start();
    } else this.video.pause();
  }

  /** Play a stretch, and a little of what is around it. */
  playAround(onset, offset) {
    this.seek(onset - LEAD_S);
    this.until = Math.min(offset + LEAD_S, this.duration);
    this.start();
  }

  start() {
    if (this.usable) this.video.play().catch(() => {}); // a browser may wait for a first click
  }
}
