import { render } from 'preact';
import { App } from './app.tsx';

const place = document.getElementById('app');
if (place === null) throw new Error('the page has no place for the dashboard');
render(<App />, place);
