// What the identity provider answers goes to the page that asked, on this origin; it stays neither in the address nor in the window.
const answer = location.search;
history.replaceState(null, "", location.pathname);
new BroadcastChannel("hilum-sign-in").postMessage(answer);
close();
