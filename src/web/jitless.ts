import { z } from 'zod';

// Our own pages' policy lets nobody make code from text: whoever defines schemas imports this first.
z.config({ jitless: true });
