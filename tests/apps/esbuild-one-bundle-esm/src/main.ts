// A bundle runs its imports in this order: the gate's file first.
import './gate';
import './functions/PublicFunction';
import './functions/RoleFunction';
import './functions/SecuredFunction';
