// Which scripts of a lesson or a class this page needs; they are asked for only then (apps/classroom/page/).

const { scripts, class: hasClass } = element.querySelector('h1').dataset;
const part = (name) => import(new URL(scripts + name, document.baseURI).href);

// Until a class is on, a page looks for one now and then.
async function attendClasses() {
  for (;;) {
    try {
      const now = document.hidden ? {} : await (await fetch(new URL('class/now', document.baseURI))).json();
      if (now.on && !now.teacher) await (await part('student.js')).attend(now);
    } catch {} // the hub is gone, or asks for the log-in: later
    await new Promise((done) => setTimeout(done, 10000 + 10000 * Math.random()));
  }
}

const asks = new URLSearchParams(location.search);
if (asks.has('lesson')) part('lesson.js');
if (hasClass !== undefined && !embedded && !asks.has('present')) attendClasses();
