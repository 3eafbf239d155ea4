// The REST reference: Swagger UI with this server's OpenAPI description and the token of the session.

import 'swagger-ui-dist/swagger-ui.css';
import './docs.css';

import SwaggerUI from 'swagger-ui-dist/swagger-ui-es-bundle.js';
import { address, UNREACHABLE } from './address.js';
import { mountBar, openLogin } from './bar.js';
import { accessToken, current, loginNeeded } from './session.js';
import { followTheme } from './theme.js';

followTheme((theme) => document.documentElement.classList.toggle('dark-mode', theme === 'dark'));

/** Removes Swagger UI's own login: the one in the bar is enough. */
const hidden = () => () => null;

/** Adds a button for logging in to a response 401 if there is no login. */
const withHint = (Response, { React }) =>
  function ResponseWithHint(props) {
    const isAnonymous = props.response?.get('status') === 401 && !current();
    const hint = React.createElement(
      'p',
      { className: 'hint' },
      'This operation needs a login. ',
      React.createElement('button', { type: 'button', className: 'button', onClick: openLogin }, 'Log in'),
      ' and execute it again.',
    );
    return React.createElement(React.Fragment, null, isAnonymous && hint, React.createElement(Response, props));
  };

/** Adds the heading one level above those of the tags. */
const withHeading = (Operations, { React }) =>
  function OperationsWithHeading(props) {
    const heading = React.createElement('h2', { className: 'unseen' }, 'Operations');
    return React.createElement(React.Fragment, null, heading, React.createElement(Operations, props));
  };

/** A plugin that adapts Swagger UI to this page. */
const page = () => ({
  wrapComponents: {
    authorizeBtn: hidden,
    authorizeOperationBtn: hidden,
    ServersContainer: hidden,
    liveResponse: withHint,
    operations: withHeading,
  },
});

/** Sends requests as the user who is logged in. */
async function authorized(request) {
  const token = await accessToken();
  if (token) request.headers = { ...request.headers, Authorization: `Bearer ${token}` };
  return request;
}

/** The OpenAPI description, with the address of the server that served this page. */
async function description() {
  const response = await fetch(address('api/v1/openapi.json'));
  if (!response.ok) throw new Error(`The server responded with status ${response.status}.`);
  return { ...(await response.json()), servers: [{ url: address('api/v1') }] };
}

/** Adds landmarks to the parts of Swagger UI outside of its `main`, which contains only the operations. */
function addLandmarks(docs) {
  new MutationObserver((_, observer) => {
    const [info, filter] = ['.information-container', '.filter'].map((name) => docs.querySelector(name));
    if (!info || !filter) return;
    info.setAttribute('role', 'region');
    info.setAttribute('aria-label', 'About this API');
    filter.setAttribute('role', 'search');
    filter.querySelector('input').setAttribute('aria-label', 'Filter by tag');
    observer.disconnect();
  }).observe(docs, { childList: true, subtree: true });
}

async function show() {
  const docs = document.getElementById('docs');
  let spec;
  try {
    spec = await description();
  } catch (error) {
    const notice = document.createElement('main');
    notice.className = 'notice';
    notice.textContent = error instanceof TypeError ? UNREACHABLE : error.message;
    docs.replaceChildren(notice);
    return;
  }
  addLandmarks(docs);
  SwaggerUI({
    spec,
    domNode: docs,
    deepLinking: true,
    displayRequestDuration: true,
    docExpansion: 'list',
    defaultModelsExpandDepth: 0,
    filter: true,
    tryItOutEnabled: true,
    validatorUrl: null, // Loads no badge from another host.
    plugins: [page],
    requestInterceptor: authorized,
    responseInterceptor(response) {
      if (response.status === 401) loginNeeded();
      return response;
    },
  });
}

mountBar();
show();
