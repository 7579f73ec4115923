import './ui/base.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { chooseHost } from './api/connect.ts';
import { createLink } from './api/link.ts';
import { App } from './App.tsx';
import { createTranslator, resolveLanguage } from './i18n/translate.ts';
import { createApp } from './state/app.ts';

const app = createApp(createLink(chooseHost()));
const translator = createTranslator(resolveLanguage('system', navigator.languages));
const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root');

createRoot(root).render(
  <StrictMode>
    <App app={app} translator={translator} />
  </StrictMode>,
);
